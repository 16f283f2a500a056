import re

import pytest
from docutils.core import publish_doctree, publish_parts
from docutils.utils import SystemMessage

from blendmf.report.outcome.answer import answer_sentences
from blendmf.report.outcome.cautions import caution_sentences
from blendmf.report.summary import brief
from outcomes import DROPPED, PUBLISHED, RMSE, best_of, finding, outcome_text, results


def test_the_answer_is_first():
    page = publish_parts(outcome_text(), writer="html")["body"]
    assert re.findall("<h1>(.*?)</h1>", page) == [
        *("Question and answer", "All models", "Cautions", "Which differences hold"),
        *("Truncated SVD", "How the metrics are computed", "Data"),
    ]


def strictly_read(text):
    return publish_parts(text, writer="html", settings_overrides={"halt_level": 2})["body"]


@pytest.mark.parametrize(
    "changed",
    [
        {"published": PUBLISHED, "n_users": 12},
        {"p_holm": 0.07, "half_width": 0.008, "seed_sd": 0.02},
        {"half_width": 0.02, "best": [best_of("mf", failed=3), best_of("mf-content")]},
        {"rmse": {"mf": 0.985}, "leakage": {"test_item_cold": finding(5, 9, "Of *cold* items_.")}},
        {"rmse": RMSE | {"svd": 0.9}, "source": results().source | {"dropped": DROPPED}},
    ],
)
def test_docutils_reads_the_outcome_without_a_warning(changed):
    page = strictly_read(outcome_text(**changed))
    assert "``" not in page
    assert "**" not in page


def test_docutils_would_refuse_broken_markup():
    with pytest.raises(SystemMessage):
        strictly_read("``open")


def test_the_brief_has_the_answer_the_best_models_and_the_cautions_in_plain_text():
    run = results(best=[best_of("mf", failed=3), best_of("mf-content")])
    found = brief(run, "ml-small")
    assert found["dataset"] == "ml-small"
    assert [one["model"] for one in found["best"]] == ["mf-content", "mf", "svd"]
    assert [one["rmse"] for one in found["best"]] == sorted(RMSE.values())[:3]
    assert all(one["low"] < one["rmse"] < one["high"] for one in found["best"])
    assert found["answer"].startswith(("Yes: ", "Perhaps: ", "Undecided: "))
    assert "3 of the 30 trials of mf failed: training diverged." in found["cautions"]
    marked = [answer_sentences(run, "ml-small")[0], *caution_sentences(run)]
    assert [found["answer"], *found["cautions"]] == [
        " ".join(publish_doctree(text).astext().split()) for text in marked
    ]


def test_the_brief_of_models_that_only_rank_names_none():
    assert brief(results(rmse=dict.fromkeys(RMSE, float("nan"))), "d")["best"] == []
