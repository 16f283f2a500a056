import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendmf.report.html_pages import facts_page, table_page
from blendmf.report.number_format import column_format, in_words

DASH = "\N{EN DASH}"


class Cells(HTMLParser):
    """Text of a page by its innermost element, and whether elements close in order."""

    VOID = ("meta", "wbr")

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.rows, self.text = [], [], [], {}

    def handle_starttag(self, tag, _):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
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


def parsed(page):
    cells = Cells()
    cells.feed(page)
    cells.close()
    assert cells.open == []
    return cells


def table_rows(table, **options):
    return parsed(table_page(table, "Title", file="t.csv", **options)).rows


def written(values, name="x"):
    column = pd.Series(values, name=name)
    return [column_format(column)(value) for value in column]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("rmse", [0.98237, np.nan, 1.0], ["0.9824", DASH, "1.0000"]),
        ("difference", [-0.00001, 0.25], ["0.0000", "0.2500"]),
        ("squared_error", [0.1219107939, 34.3407], ["0.121911", "34.340700"]),
        ("share", [0.92171, 0.0], ["0.9217", "0.0000"]),
        ("n_users", [943, 1234567], ["943", "1,234,567"]),
        ("user_id", [943, 1234567], ["943", "1234567"]),
        ("year", [1995, 2003], ["1995", "2003"]),
        ("timestamp", [874724710], ["874724710"]),
        ("p_holm", [0.0004, 0.02099, 1.0, np.nan], ["< 0.001", "0.021", "1.000", DASH]),
        ("precision", [0.5, 0.25], ["0.5000", "0.2500"]),
        ("learning_rate", [0.00868554, 0.0155], ["0.008686", "0.0155"]),
        ("weight", [0.0000123456, 0.5], ["1.235e-05", "0.5"]),
        ("model", ["mf", None], ["mf", DASH]),
        ("observed", [True, False], ["yes", "no"]),
    ],
)
def test_values_are_written_by_the_kind_of_their_column(name, values, expected):
    assert written(values, name) == expected


def test_integers_with_gaps_stay_integers():
    assert written(pd.array([31, None, 1200], dtype="Int64"), "best_epoch") == ["31", DASH, "1,200"]


def test_a_table_is_shown_whole_and_in_order():
    table = pd.DataFrame({"model": ["mf", "svd"], "n_ratings": [15455, 15], "rmse": [0.98, 1.0]})
    assert table_rows(table) == [
        ["model", "n_ratings", "rmse"],
        ["mf", "15,455", "0.9800"],
        ["svd", "15", "1.0000"],
    ]


def test_numbers_are_aligned_on_the_right_with_their_heading_and_texts_are_not():
    table = pd.DataFrame({"model": ["mf"], "rmse": [0.98], "converged": [True]})
    page = table_page(table, "Title", file="t.csv")
    assert re.findall(r'<(t[dh])( class="number")?>', page) == [
        (tag, of_class) for tag in ("th", "td") for of_class in ("", ' class="number"', "")
    ]


def test_the_first_rows_name_the_file_that_has_all():
    table = pd.DataFrame({"rank": range(1, 1201)})
    assert len(table_rows(table, rows=20)) == 21
    page = table_page(table, "Title", file="results/all.csv", rows=20)
    assert "The first 20 of 1,200 rows; all of them are in results/all.csv." in page
    assert "1,200 rows, with all digits in results/all.csv." in table_page(
        table, "Title", file="results/all.csv", rows=1200
    )


def test_an_empty_table_has_its_head():
    assert table_rows(pd.DataFrame({"model": [], "rmse": []})) == [["model", "rmse"]]


def test_the_note_stands_above_the_table():
    page = table_page(pd.DataFrame({"x": [1]}), "Title", file="t.csv", note="Mind <this>.")
    assert page.index("<p>Mind &lt;this&gt;.</p>") < page.index("<table>")


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1))
def test_whatever_text_the_data_holds_is_shown_and_never_read_as_markup(text):
    table = pd.DataFrame({"title": [text]})
    shown = parsed(table_page(table, text, file=text, note=text))
    assert shown.rows[1] == [text]
    assert shown.text["h1"] == shown.text["title"] == text
    assert "script" not in shown.tags
    facts = parsed(facts_page({text: {text: text}}, text, file=text))
    assert facts.rows == [[text], [text, text]]


@pytest.mark.parametrize(
    "page",
    [
        table_page(pd.DataFrame({"x": [1.0]}), "Title", file="t.csv"),
        facts_page({"x": 1}, "Title", file="t.json"),
    ],
)
def test_a_page_needs_nothing_from_elsewhere(page):
    assert page.startswith("<!doctype html>")
    assert not re.search(r"<script|<link|@import|url\(|src=|href=", page)
    assert "color-scheme: light dark" in page


def test_facts_are_indented_as_deep_as_they_lie():
    page = facts_page({"a": {"b": {"c": 1}}, "d": 2}, "Title", file="t.json")
    assert parsed(page).rows == [["a"], ["b"], ["c", "1"], ["d", "2"]]
    depths = [float(depth) for depth in re.findall(r"padding-left: ([\d.]+)em", page)]
    assert depths == [0.75, 2.25, 3.75, 0.75]


def test_a_list_of_facts_is_numbered():
    facts = {"dropped": [{"file": "a.csv", "count": 2}, {"file": "b.csv", "count": 3}]}
    rows = parsed(facts_page(facts, "Title", file="t.json")).rows
    assert rows[:4] == [["dropped"], ["1"], ["file", "a.csv"], ["count", "2"]]
    assert rows[4:] == [["2"], ["file", "b.csv"], ["count", "3"]]


def test_points_in_time_take_no_separators():
    facts = {"timestamps": {"first": 874724710}, "last_timestamp": 893286638, "ratings": 100000}
    rows = parsed(facts_page(facts, "Title", file="t.json")).rows
    assert [row[-1] for row in rows] == ["timestamps", "874724710", "893286638", "100,000"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, DASH),
        (True, "yes"),
        (4000, "4,000"),
        (3.529860001, "3.52986"),
        (1e-05, "1e-05"),
        (float("nan"), DASH),
        ("text", "text"),
        ([], "none"),
        ({}, "none"),
        ([1, 2, 5], "1, 2, 5"),
        (["genres", None], f"genres, {DASH}"),
        ([[0.5, 47], [1.0, 6110]], "0.5: 47; 1: 6,110"),
    ],
)
def test_single_facts_in_words(value, words):
    assert in_words(value) == words


def test_the_same_table_gives_the_same_page():
    table = pd.DataFrame({"model": ["mf"], "rmse": [0.98]})
    pages = {table_page(table.copy(), "Title", file="t.csv") for _ in range(2)}
    assert len(pages) == 1
