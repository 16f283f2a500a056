import gzip
import json
import re
from base64 import b64decode
from html.parser import HTMLParser

import pandas as pd
import pytest
from markupsafe import Markup

from blendmf.report.pages.page import (
    CHARTS,
    COMPARISON,
    TABLES,
    Section,
    chart,
    facts,
    figure,
    json_data,
    packed,
    page,
    paragraphs,
    table,
)
from blendmf.report.pages.tables import shown_table

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u2028 & \"'"
SVG = (
    '<?xml version="1.0"?><svg class="adaptive" role="img" viewBox="0 0 1 1"><title>{}</title>'
    '<defs><path id="a"/></defs><use href="#a" clip-path="url(#a)"/></svg>'
)


class Elements(HTMLParser):
    """Elements of a page with their attributes, and the text of its scripts by id."""

    def __init__(self, html):
        super().__init__()
        self.found, self.scripts, self._id = [], {}, None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self._id = dict(attributes).get("id") if tag == "script" else None

    def handle_endtag(self, tag):  # noqa: ARG002 - the parser's signature
        self._id = None

    def handle_data(self, data):
        if self._id:
            self.scripts[self._id] = self.scripts.get(self._id, "") + data

    def tags(self, name):
        return [attributes for tag, attributes in self.found if tag == name]


def hostile_page(libraries=(TABLES, CHARTS, COMPARISON)):
    data = shown_table(pd.DataFrame({HOSTILE: [HOSTILE]}), HOSTILE, file=HOSTILE)
    spec = {"description": HOSTILE, "usermeta": {"hint": HOSTILE}, "mark": HOSTILE}
    parts = [table("t", data), chart("c", spec, spec), facts({HOSTILE: {HOSTILE: HOSTILE}})]
    section = Section(HOSTILE, [*parts, paragraphs(HOSTILE), figure("f", SVG.format("x"))])
    return page(HOSTILE, [section], links={HOSTILE: "#"}, libraries=libraries)


def test_no_text_becomes_an_element_or_ends_a_script():
    elements = Elements(hostile_page())
    assert not elements.tags("img")
    assert len(elements.tags("script")) == 5  # two with data, two libraries, one of the page
    assert not any(name.startswith("on") for _, found in elements.found for name in found)


def test_data_survive_unchanged():
    elements = Elements(hostile_page())
    assert json.loads(elements.scripts["t-data"])["rows"] == [[HOSTILE]]
    assert json.loads(elements.scripts["c"])["wide"]["mark"] == HOSTILE


def test_data_are_numbers_that_json_knows():
    with pytest.raises(ValueError, match="JSON"):
        json_data("x", [float("nan")])


def test_a_page_needs_no_other_file():
    html = hostile_page()
    elements = Elements(html)
    addresses = [
        found[name] for _, found in elements.found for name in ("src", "href") if name in found
    ]
    assert all(address.startswith("#") for address in addresses)
    assert "@import" not in html


def test_packing_leaves_little_of_repeated_text_and_loses_nothing():
    text = "word 17 0.31 \N{EN DASH} </script>" * 10_000
    element = packed("rows", text)
    assert len(element) < 0.01 * len(text)
    data = re.fullmatch('<script type="text/plain" id="rows">(.*)</script>', element)[1]
    assert gzip.decompress(b64decode(data)).decode() == text


def test_libraries_are_there_if_asked_for():
    plain = page("T", [Section("S", [Markup("x")])])
    assert len(plain) < 20_000
    assert 'id="table-library"' not in plain
    assert page("T", []) == page("T", [])


def test_sections_without_contents_are_left_out():
    html = page("T", [Section("Empty", [Markup()]), Section("A b: c", [Markup("x")])])
    assert "Empty" not in html
    assert 'href="#a-b-c"' in html
    assert 'id="a-b-c"' in html


def test_ids_of_figures_differ_and_their_references_follow():
    html = figure("one", SVG.format("x"), SVG.format("x")) + figure("two", SVG.format("x"))
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for svg in re.findall("<svg.*?</svg>", html, re.DOTALL):
        own = re.search('<path id="(.*?)"', svg)[1]
        assert re.findall(r"#([\w-]+)", svg) == [own, own]


def test_a_figure_is_named_by_its_finding():
    html = figure("one", SVG.format("Less &lt; more"), caption="Also.")
    assert 'aria-label="Less &lt; more"' in html
    assert "<figcaption>Less &lt; more Also.</figcaption>" in html
    assert "<title>" not in html


def test_nested_facts_are_indented():
    html = facts({"a": {"b": {"c": 1}}, "d": [{"e": 2000}]}, summary="More")
    assert re.findall(r'depth-(\d)"[^>]*>([^<]*)', html) == [
        *[("0", "a"), ("1", "b"), ("2", "c")],
        *[("0", "d"), ("1", "1"), ("2", "e")],
    ]
    assert "<td>2,000</td>" in html
    assert "<summary>More</summary>" in html
