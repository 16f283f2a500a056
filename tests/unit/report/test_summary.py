import re

import pytest
from docutils.core import publish_parts
from docutils.utils import SystemMessage
from test_published import PUBLISHED

from outcomes import MODELS, RMSE, best_of, finding, outcome, outcome_text, results

DROPPED = [{"file": "tags_1.csv", "count": 2, "what": "tags without text"}]


@pytest.fixture(autouse=True)
def in_a_folder_with_figures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "figures.html").write_text("<figure>two of them</figure>")


def sections(*args, **changed):
    """Titles of the outcome's sections, the figures between them as `figures`."""
    page = publish_parts(outcome_text(*args, **changed), writer="html")["body"]
    return re.findall("<h1>(.*?)</h1>|<(figure)>", page)


def test_the_answer_stands_first_and_the_figures_before_the_warnings():
    titles = [title or figure for title, figure in sections()]
    assert titles == [
        *("Question and answer", "All models", "figure", "What to beware of"),
        *("Which differences hold", "Truncated SVD", "What the figures count", "Data"),
    ]


def test_svd_and_factorisation_are_compared_at_the_ranks_that_validation_chooses():
    text = outcome()
    assert "best on validation at rank 5 and reaches test RMSE 1.0100" in text
    assert "best at rank 20 and reaches 0.9850, 0.0250 lower" in text


def test_without_a_factorisation_in_the_sweep_nothing_is_said_of_it():
    sweep = results().rank_sweep
    assert "Truncated SVD" not in outcome(rank_sweep=sweep[sweep["method"] == "svd"])
    assert "Truncated SVD" not in outcome(rank_sweep=sweep[:0])


def test_table_states_its_denominators_and_dashes_what_is_missing():
    text = outcome()
    assert "15,422 test ratings" in text
    assert "each of 610 users' own test items" in text
    assert "Items of one score stand in the order of their ids" in text
    assert "* - ``popularity`` - \N{EN DASH} - \N{EN DASH} - 0.5000" in text


def test_table_states_the_trials_of_each_search():
    text = outcome(best=[best_of("mf"), best_of("mf-content")])
    dash = "\N{EN DASH}"
    assert "* - ``mf`` - 0.9850 - 0.9750 to 0.9950 - 0.5000 - 0.5000 - 0.5000 - 0.0500" in text
    assert "- 0.0500 - 0.1000 - 30 - 3 * - ``svd``" in text
    assert f"- 0.0800 - 0.1000 - {dash} - 3" in text
    assert "the same budget, 30 trials, of at most 50 epochs each" in text


def test_unequal_budgets_are_told_and_warned_of():
    best = [best_of("mf"), best_of("svd", trials=10, epochs=None)]
    text = outcome(best=best)
    assert "budgets of their own: ``mf`` 30 and ``svd`` 10, of at most 50 epochs" in text
    assert "Searched models had unequal numbers of trials" in text


def test_without_a_search_settings_are_said_to_be_given():
    assert "No model was searched: all settings are as configured." in outcome()


def test_models_that_could_have_been_searched_and_were_not_are_named():
    models = MODELS | {name: MODELS[name] | {"search": True} for name in ("mf", "mf-content")}
    best = [best_of("mf"), best_of("mf-content")]
    assert "``svd`` was not searched, unlike others" in outcome(models=models, best=best)
    assert "unlike others" not in outcome(models=MODELS)


def test_findings_sort_the_models_by_what_is_told_of_them():
    text = outcome()
    assert (
        "By test RMSE, against ``mf``: **better** is ``mf-content``; **worse** is ``svd``." in text
    )
    assert (
        r"By NDCG\@10 over the whole catalogue, against ``mf``: **better** are ``popularity`` and "
        "``svd``; ``mf-content`` is **not told apart** from it." in text
    )
    assert "**perhaps worse** is ``svd``" in outcome(p_holm=0.06)


def test_findings_have_all_figures_of_a_difference():
    assert (
        "* - ``mf-content`` - 0.9760 - -0.0090 - -0.0120 to -0.0060 - 0.001 - -0.18 - 44 % "
        "- 0.0020 - better" in outcome()
    )
    assert "(3 for RMSE, where 0.003 is the smallest that so many resamples can show)" in outcome()


def test_a_single_model_has_no_findings():
    assert "Which differences hold" not in outcome({"mf": 0.985})


def test_data_tells_what_was_dropped():
    assert "Nothing was dropped." in outcome()
    text = outcome(source=results().source | {"dropped": DROPPED})
    assert r"Dropped: 2 in tags\_1.csv (tags without text)." in text


def test_data_tells_the_counts_of_the_parts():
    text = outcome()
    assert "100,836 ratings from 0.5 to 5 (mean 3.502) by 610 users of 9,724 items" in text
    assert "* - Training - 70,312 - 610 - 8,335" in text


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
def test_the_outcome_passes_docutils_without_a_warning(changed):
    page = strictly_read(outcome_text(**changed))
    assert "``" not in page
    assert "**" not in page


def test_docutils_would_refuse_broken_markup():
    with pytest.raises(SystemMessage):
        strictly_read("``open")
