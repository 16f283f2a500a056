import gzip
import json
import re
from base64 import b64decode

from blendmf.report.charts.explorer import explorer_charts, frequent_genres
from blendmf.report.pages.explorer import explorer_page
from explored import CLOSING, HOSTILE, explored

LIBRARIES = 850_000
"""Bytes of the table and chart libraries, which every page with both has."""


def page_of(data):
    return explorer_page(data, {"Report": "../report.html"})


def unpacked(page, name="explorer-data"):
    packed = re.search(rf'<script type="text/plain" id="{name}">([^<]*)</script>', page)[1]
    return json.loads(gzip.decompress(b64decode(packed)))


def test_the_page_has_all_data_and_no_part_of_it_as_html():
    data = explored()
    page = page_of(data)
    assert unpacked(page) == data
    assert HOSTILE not in page
    assert CLOSING not in page


def test_the_page_has_the_four_parts_each_with_a_place_and_how_to_read_it():
    page = page_of(explored())
    assert re.findall(r'<section id="([a-z]+)"', page) == ["users", "items", "map", "errors"]
    assert re.findall(r'data-explorer="([a-z]+)"', page) == ["users", "items", "map", "errors"]
    assert page.count("<summary>How to read it</summary>") == 4
    assert '<a class="page" href="../report.html">Report</a>' in page


def test_a_sample_is_stated():
    page = page_of(explored())
    assert "This page has 30 of 1,000 users and all 40 items of few. The first ones." in page


def test_each_part_says_which_fit_its_numbers_come_from():
    page = page_of(explored())
    for name in ("users", "items", "errors"):
        section = page[page.index(f'<section id="{name}"') :].split("</section>")[0]
        assert "fitted" in section
        assert "training ratings alone" in re.sub(r"\s+", " ", section)


def test_the_page_depends_on_the_data_alone():
    assert page_of(explored()) == page_of(explored())


def test_a_page_with_little_data_is_little_more_than_its_libraries():
    assert len(page_of(explored()).encode()) < LIBRARIES


def test_nothing_is_loaded_from_elsewhere():
    frame = page_of(explored()).split('<script type="text/plain"')[0]
    assert not re.search(r'(src|href)="(https?:)?//', frame)


def test_the_most_frequent_genres_have_looks_that_differ():
    data = explored()
    data["genres"] = [f"genre {n}" for n in range(12)]
    data["items"]["genres"] = [
        [genre for genre in range(12) if item >= genre] for item in range(40)
    ]
    genres = frequent_genres(data)
    assert genres == [f"genre {n}" for n in range(10)]
    encoding = explorer_charts(data)["map"]["layer"][0]["encoding"]
    looks = zip(
        encoding["color"]["scale"]["range"], encoding["shape"]["scale"]["range"], strict=True
    )
    assert len(set(looks)) == len(genres) + 1


def test_a_map_of_items_without_genres_has_no_legend():
    data = explored()
    data["items"]["genres"] = [[] for _ in data["items"]["id"]]
    points = explorer_charts(data)["map"]["layer"][0]
    assert "color" not in points["encoding"]
    assert [parameter["name"] for parameter in points["params"]] == ["view"]
