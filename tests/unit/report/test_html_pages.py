import re
from base64 import b64decode
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendmf.report.html_pages import facts_page, inline_figures, table_page

SVG = (
    '<?xml version="1.0" encoding="utf-8"?>\n<svg xmlns="http://www.w3.org/2000/svg"><title>{}'
    '</title><defs><style>*{{stroke: red}}</style></defs><g id="axes_1">é</g></svg>\n'
)


class Elements(HTMLParser):
    """Elements of a page; fails unless they close in order."""

    VOID = ("meta", "wbr", "img")

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.rows, self.text, self.images = [], [], [], {}, []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "img":
            self.images.append(dict(attributes))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open:
            return
        self.text[self.open[-1]] = self.text.get(self.open[-1], "") + data
        if self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def rows_of_table(table, **options):
    return Elements(table_page(table, "Title", file="t.csv", **options)).rows


def rows_of_facts(facts):
    return Elements(facts_page(facts, "Title", file="t.json")).rows


def test_a_table_is_shown_completely_and_in_order():
    table = pd.DataFrame({"model": ["mf", "svd"], "n_ratings": [15455, 15], "rmse": [0.98, 1.0]})
    assert rows_of_table(table) == [
        ["model", "n_ratings", "rmse"],
        ["mf", "15,455", "0.9800"],
        ["svd", "15", "1.0000"],
    ]
    assert rows_of_table(table[:0]) == [["model", "n_ratings", "rmse"]]
    assert table_page(table, "T", file="t.csv") == table_page(table.copy(), "T", file="t.csv")


def test_only_number_columns_are_right_aligned_with_their_heading():
    table = pd.DataFrame({"model": ["mf"], "rmse": [0.98], "converged": [True]})
    page = table_page(table, "Title", file="t.csv")
    assert re.findall(r'<(t[dh])( class="number")?>', page) == [
        (tag, of_class) for tag in ("th", "td") for of_class in ("", ' class="number"', "")
    ]


def test_a_truncated_table_names_the_file_with_all_rows():
    table = pd.DataFrame({"rank": range(1, 1201)})
    assert len(rows_of_table(table, rows=20)) == 21
    page = table_page(table, "Title", file="results/all.csv", rows=20)
    assert "The first 20 of 1,200 rows; all of them are in results/all.csv." in page
    assert "1,200 rows, with all digits in results/all.csv." in table_page(
        table, "Title", file="results/all.csv", rows=1200
    )


def test_notes_precede_the_table():
    note = ["Mind <this>.", "And that."]
    page = table_page(pd.DataFrame({"x": [1]}), "Title", file="t.csv", note=note)
    assert "<p>Mind &lt;this&gt;.</p>\n<p>And that.</p>\n<p>1 row," in page
    assert page.index("And that") < page.index("<table>")


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1))
def test_text_from_the_data_is_escaped(text):
    table = pd.DataFrame({"title": [text], text: [1]})
    shown = Elements(table_page(table, text, file=text, note=text))
    assert shown.rows[0][1] == shown.rows[1][0] == text
    assert shown.text["h1"] == shown.text["title"] == text
    assert "script" not in shown.tags
    facts = Elements(facts_page({text: {text: text}}, text, file=text))
    assert facts.rows == [[text], [text, text]]


@pytest.mark.parametrize(
    "page",
    [
        table_page(pd.DataFrame({"x": [1.0]}), "Title", file="t.csv"),
        facts_page({"x": 1}, "Title", file="t.json"),
    ],
)
def test_a_page_is_self_contained(page):
    assert page.startswith("<!doctype html>")
    assert not re.search(r"<script|<link|@import|url\(|src=|href=", page)
    assert "color-scheme: light dark" in page


def test_facts_are_indented_by_their_depth():
    page = facts_page({"a": {"b": {"c": 1}}, "d": 2}, "Title", file="t.json")
    assert Elements(page).rows == [["a"], ["b"], ["c", "1"], ["d", "2"]]
    depths = [float(depth) for depth in re.findall(r"padding-left: ([\d.]+)em", page)]
    assert depths == [0.75, 2.25, 3.75, 0.75]


def test_a_list_of_facts_is_numbered():
    rows = rows_of_facts({"dropped": [{"file": "a.csv", "count": 2}, {"file": "b.csv"}]})
    assert rows[:4] == [["dropped"], ["1"], ["file", "a.csv"], ["count", "2"]]
    assert rows[4:] == [["2"], ["file", "b.csv"]]


def test_timestamps_and_years_have_no_thousands_separators():
    facts = {"timestamps": {"first": 874724710}, "last_timestamp": 893286638, "ratings": 100000}
    assert [row[-1] for row in rows_of_facts(facts)] == [
        *("timestamps", "874724710", "893286638", "100,000")
    ]


def test_figures_are_image_data_with_alternative_texts_and_captions():
    titles = ["Models &amp; users", 'A "quoted" &lt;b&gt;']
    svgs = [SVG.format(title) for title in titles] + ["<svg></svg>"]
    page = Elements(inline_figures(zip(svgs, ["Less < more.", "Also.", ""], strict=True)))
    assert [image["alt"] for image in page.images] == ["Models & users", 'A "quoted" <b>', ""]
    data = [image["src"].removeprefix("data:image/svg+xml;base64,") for image in page.images]
    assert [b64decode(encoded).decode() for encoded in data] == svgs
    assert page.text["figcaption"] == "Less < more.Also."


def test_ids_and_styles_of_a_figure_do_not_reach_the_page():
    html = inline_figures([(SVG.format("a"), "A"), (SVG.format("b"), "B")])
    assert set(Elements(html).tags) == {"figure", "img", "figcaption"}
    assert not re.search(r"\bid=|<style|<svg", html)
