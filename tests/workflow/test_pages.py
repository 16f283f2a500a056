"""Pages of a run in a real browser: what they show, whom they exclude, and hostile texts."""

import json
from pathlib import Path

import pandas as pd
import pytest
from project import Project

from browsing import SIZES

pytestmark = pytest.mark.slow

INDEX = "results/index.html"
PAGES = (INDEX, "results/synthetic/report.html", "results/synthetic/explorer/index.html")

HOSTILE = "</script><script>window.hostile = 1</script><img src=x onerror='window.hostile = 1'>"
PUBLISHED = {"published": [{"system": HOSTILE, "rmse": 0.9, "note": HOSTILE}]}


FILTERED = ("#all-models", "[role=dialog]")
"""A table and the open form that filters it."""

READY = """
    document.querySelectorAll(".dt-container").length >=
        Math.max(1, document.querySelectorAll("table[data-table]").length) &&
    document.querySelectorAll("[data-chart] svg.marks").length >=
        document.querySelectorAll("figure [data-chart]").length
"""
"""Whether the tables and charts of a page are drawn."""


@pytest.mark.parametrize("path", PAGES)
def test_a_page_excludes_nobody_and_needs_nothing_else(path: str, smoke: Project, visit) -> None:
    visited = visit((smoke.run / path).as_uri())
    page = visited.page
    if path != INDEX:
        page.wait_for_function(READY, timeout=60_000)
    for width, scheme in SIZES:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(300)
        assert visited.violations == [], (width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, scheme
    assert visited.messages == []
    assert visited.outside == []


def test_tables_sort_search_and_show_further_columns(smoke: Project, visit) -> None:
    page = visit((smoke.run / "results/synthetic/report.html").as_uri()).page
    table = page.locator("#models")
    first = table.locator("tbody tr").first.locator("td")
    names = table.locator("tbody tr td:first-child")
    page.wait_for_selector("#models tbody tr")
    table.get_by_role("button", name="MAE: Activate to sort").click()
    assert float(first.nth(5).inner_text()) == min(
        float(text)
        for text in table.locator("tbody tr td:nth-child(6)").all_inner_texts()
        if text != "\N{EN DASH}"
    )
    box = page.locator("#all-models").get_by_label("Search").first
    box.fill("mf-content")
    assert names.all_inner_texts() == ["mf-content"]
    assert "Recall@10, rated" not in table.inner_text()
    page.locator("#all-models").get_by_role("button", name="Columns").first.click()
    page.get_by_role("button", name="Recall@10, rated").click()
    assert "Recall@10, rated" in table.inner_text()


def test_columns_are_filtered_with_the_keyboard_alone(smoke: Project, visit) -> None:
    visited = visit((smoke.run / "results/synthetic/report.html").as_uri())
    page = visited.page
    names = page.locator("#models tbody tr td:first-child")
    page.wait_for_selector("#models tbody tr")
    everything = names.all_inner_texts()
    filters = page.locator("#models thead")
    filters.get_by_role("button", name="Filter Model").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("content")
    assert names.all_inner_texts() == [name for name in everything if "content" in name]
    assert visited.violations_in(*FILTERED) == []
    page.keyboard.press("Escape")
    filters.get_by_role("button", name="Filter RMSE", exact=True).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Filter RMSE")
    assert dialog.get_by_label("Condition on RMSE").inner_text().split("\n") == [
        "At least",
        "At most",
    ]
    dialog.get_by_label("Value of RMSE").fill("100")
    assert page.locator("#models tbody").inner_text() == "No matching records found"
    dialog.get_by_label("Condition on RMSE").select_option("At most")
    assert len(names.all_inner_texts()) > 0
    assert visited.violations_in(*FILTERED) == []


def test_a_filter_opens_at_its_column_in_a_table_that_is_scrolled(smoke: Project, visit) -> None:
    address = (smoke.run / "results/synthetic/report.html").as_uri()
    page = visit(address, viewport={"width": 500, "height": 900}).page
    page.wait_for_selector("#models tbody tr")
    icon = page.locator("#models thead").get_by_role("button", name="Filter NDCG@10, full")
    icon.click()
    at, opened = icon.bounding_box(), page.get_by_role("dialog").bounding_box()
    assert at
    assert opened
    assert opened["x"] <= at["x"] <= opened["x"] + opened["width"]
    assert 0 <= opened["y"] - at["y"] < 60


def test_small_p_values_are_at_most_five_per_cent(smoke: Project, visit) -> None:
    page = visit((smoke.run / "results/synthetic/report.html").as_uri()).page
    page.wait_for_selector("#differences tbody tr")
    shown = page.locator("#differences_info")
    head = page.locator("#differences thead")
    name = "p, corrected"
    head.get_by_role("button", name=f"Filter {name}").click()
    page.get_by_label(f"Condition on {name}").select_option("At most")
    page.get_by_label(f"Value of {name}").fill("0.05")
    table = pd.read_csv(smoke.run / "results/synthetic/comparison/differences.csv")
    n_small = (table["p_holm"] <= 0.05).sum()
    assert f"of {n_small:,} entries" in shown.inner_text()


def test_a_table_is_saved_with_all_digits(smoke: Project, visit, tmp_path: Path) -> None:
    page = visit((smoke.run / "results/synthetic/report.html").as_uri()).page
    with page.expect_download() as download:
        page.locator("#all-models").get_by_role("button", name="Save as CSV").first.click()
    download.value.save_as(tmp_path / "models.csv")
    saved = (tmp_path / "models.csv").read_text(encoding="utf-8-sig")
    table = (smoke.run / "results/synthetic/comparison/table.csv").read_text()
    rmse = table.splitlines()[1].split(",")[2]
    assert f"{float(rmse):.10g}" in saved


def test_two_models_are_compared_by_choice(smoke: Project, visit) -> None:
    page = visit((smoke.run / "results/synthetic/report.html").as_uri()).page
    reply = page.locator("[data-compare] .reply")
    page.get_by_label("Is model A").select_option("mf")
    page.get_by_label("better than model B").select_option("mf-content")
    forward = reply.inner_text()
    page.get_by_label("Is model A").select_option("mf-content")
    page.get_by_label("better than model B").select_option("mf")
    backward = reply.inner_text()
    assert "user history" in forward
    difference = forward.split("difference ")[1].split(",")[0]
    assert f"difference {'+' if difference[0] == '-' else '-'}{difference[1:]}," in backward
    intervals = [
        [part.split("\t")[7].split(" to ") for part in text.splitlines() if " to " in part]
        for text in (forward.split("Better")[1], backward.split("Better")[1])
    ]
    assert intervals[0]
    for (low, high), (low_reversed, high_reversed) in zip(*intervals, strict=True):
        assert (float(low), float(high)) == (-float(high_reversed), -float(low_reversed))


def test_configured_texts_cannot_run_a_script(copy: Project, visit) -> None:
    copy.succeed(
        "--cores", "2", "--report", "results/archive.html", "--report-after-run", changes=PUBLISHED
    )
    assert json.dumps(HOSTILE)[1:20] not in (copy.run / "results/archive.html").read_text()
    for path in (*PAGES, "results/archive.html"):
        visited = visit((copy.run / path).as_uri())
        visited.page.wait_for_timeout(1000)
        assert visited.page.evaluate("window.hostile") is None, path
        assert path not in PAGES or visited.messages == [], path
