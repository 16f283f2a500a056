import json
import re

import pytest

from blendmf.report.pages.data_set import report_page
from report_files import report_files


def data_of(html, name):
    return json.loads(re.search(rf'id="{name}">(.*?)</script>', html, re.DOTALL)[1])


def rows_of(html, name):
    data = data_of(html, f"{name}-data")
    titles = [column["title"] for column in data["columns"]]
    return [dict(zip(titles, row, strict=True)) for row in data["rows"]]


@pytest.fixture(scope="module")
def html():
    return report_page(report_files())


def test_the_answer_comes_first(html):
    first = ["Question and answer", "All models", "Cautions"]
    assert re.findall("<h2[^>]*>(.*?)</h2>", html)[:3] == first


def test_the_table_of_models_has_settings_trials_seconds_and_memory(html):
    [row] = [row for row in rows_of(html, "models") if row["Model"] == "mf"]
    assert row["Settings"] == "latent dim 16, learning rate 0.01235"
    assert row["Trials"] == "30 complete"
    assert row["Fit, s"] == 1.5
    assert row["Memory, MB"] == 99.5


def test_models_without_a_search_or_a_fit_have_gaps(html):
    [row] = [row for row in rows_of(html, "models") if row["Model"] == "popularity"]
    assert (row["Settings"], row["Trials"], row["Fit, s"]) == (None, None, None)


def test_two_models_are_compared_with_the_findings_of_the_outcome(html):
    compared = data_of(html, "compare-data")
    assert compared["metrics"]["rmse"] == {"label": "RMSE", "higher": False}
    keys = ("metric", "model_a", "model_b")
    pairs = {tuple(one[key] for key in keys): one for one in compared["differences"]}
    found = pairs["rmse", "mf", "mf-content"]
    assert found["finding"] == "worse"
    assert found["difference"] == pytest.approx(0.985 - 0.976)
    assert compared["values"]["rmse"]["mf"] == 0.985
    [group] = compared["strata"]
    assert (group["stratum"], group["bin"], group["n_ratings"]) == ("user history", "10+", 10)
    assert group["values"]["rmse"] == {"mf": 0.9, "mf-content": 0.8}
    [within] = group["differences"]
    assert (within["model_a"], within["low"], within["high"]) == ("mf", 0.05, 0.2)


def test_trials_of_all_models_share_a_table(html):
    assert rows_of(html, "trials") == [
        {
            "Model": "mf",
            "Trial": 0,
            "Generation": 0,
            "State": "complete",
            "Validation score": 0.94,
            "Mean of repeated fits": 0.95,
            "Epochs": 3,
            "Settings": "latent dim 16, learning rate 0.01235",
            "Best epoch": 2,
            "Latent dim": 16,
            "Learning rate": 0.0123456,
        }
    ]


def test_without_a_search_there_is_no_section_of_it():
    html = report_page(report_files(trials={}, best={}, charts={}))
    assert 'id="search"' not in html


def test_the_page_is_the_same_every_time(html):
    assert report_page(report_files()) == html
