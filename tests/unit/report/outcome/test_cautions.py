import numpy as np
import pytest

from blendmf.audits.leakage import QUESTIONS, TAGS, USES
from blendmf.report.outcome.cautions import LEVELS, LEVELS_OF_TAGS
from outcomes import MODELS, best_of, finding, fitted_on, outcome, part, results


def test_warnings_of_the_search():
    met = {"parameter": "regularization", "value": 0.0984, "bound": "high", "limit": 0.1}
    text = outcome(best=[best_of("mf", failed=3, boundary=[met])])
    assert "ended at the upper bound of ``regularization`` (0.0984, the bound is 0.1)" in text
    assert "3 of the 30 trials of ``mf`` failed" in text


def test_warnings_of_few_users():
    strata = results().strata
    few = strata.assign(n_users=strata["n_users"].replace(210, 29))
    text = outcome(n_users=12, strata=few)
    assert "Only 12 users have test ratings" in text
    assert "Fewer than 30 users stand behind some strata, whose figures are rough: year 1998." in (
        text
    )


def test_warning_of_too_few_resamples_names_how_many_are_enough():
    enough = {"k": 10, "relevance_threshold": 3.5, "bootstrap_resamples": 240}
    text = outcome(evaluation=enough | {"bootstrap_resamples": 239})
    assert "With 239 resamples and 6 pairs of models no corrected p-value can fall below 0.05" in (
        text
    )
    assert "raise ``evaluation.bootstrap_resamples`` to 240 or more" in text
    assert "resamples and" not in outcome(evaluation=enough)


def test_warning_of_a_single_seed_where_chance_has_a_part():
    assert "Every model was fitted once" in outcome(n_seeds=1, seed_sd=np.nan)
    rmse, models = {"svd": 1.01, "bias": 1.0}, {"svd": {"kind": "svd"}, "bias": {"kind": "bias"}}
    assert "fitted once" not in outcome(rmse, models=models, n_seeds=1, seed_sd=np.nan)


def test_warning_of_a_full_protocol_of_a_few_users():
    metrics = results().metrics
    few = metrics.assign(
        n_users=metrics["n_users"].where(metrics["metric"] != "full_ndcg_at_k", 29)
    )
    text = outcome(metrics=few)
    assert "The catalogue was ranked for 29 users alone" in text
    assert "*full* the whole catalogue (for 29 of them, drawn at random) without" in text
    assert "any of 29 users is recommended" in text
    for quiet in ("was ranked for", "drawn at random"):
        assert quiet not in outcome()


def test_ratings_without_timestamps_are_not_cleared_of_leaks():
    timeless = {name: part(100, 50, 0, 0) for name in ("train", "validation", "test")}
    text = outcome(split={"scheme": "per-user-temporal", "parts": timeless})
    assert "the audit can find no leak in time" in text
    assert "the audit found no leak above its level" not in text
    assert "the audit can find no leak" not in outcome()


def test_warnings_of_cold_items_and_leaks_above_their_level():
    leakage = {
        "test_item_cold": finding(1515, 15422, "Of items without any training rating."),
        "test_older_than_training_of_item": finding(10, 100, "Older *than* another."),
        "test_item_known_only_from_future": finding(1, 100, "At its level."),
        "test_older_than_training_of_user": finding(0, 100, "Own future."),
        "some_other_audit": finding(5, 10, "Unknown."),
    }
    text = outcome(leakage=leakage)
    assert "Of items without any training rating. Here: 9.8 % (1,515 of 15,422)." in text
    assert r"Older \*than\* another. Here: 10.0 % (10 of 100)." in text
    for quiet in ("At its level", "Own future", "Unknown"):
        assert quiet not in text


@pytest.mark.parametrize(
    ("content", "models", "warned"),
    [
        ({"parts": ["tags"], "tags": "all"}, MODELS, True),
        ({"parts": ["tags"], "tags": "train-only"}, MODELS, False),
        ({"parts": ["genres"], "tags": "all"}, MODELS, False),
        ({"parts": ["tags"], "tags": "all"}, {**MODELS, "mf-content": {"kind": "mf"}}, False),
    ],
)
def test_leaking_tags_are_warned_of_where_a_model_reads_them(content, models, warned):
    leakage = {"tags_on_test_pairs": finding(3, 3683, "Tags by the very person.")}
    text = outcome(leakage=leakage, content=content, models=models)
    assert ("Tags by the very person. Here: 0.1 % (3 of 3,683)." in text) == warned


def test_a_finding_without_anything_to_count_is_no_warning():
    nothing = {"numerator": 0, "denominator": 0, "share": None, "meaning": "Nothing to count."}
    assert "Nothing to count" not in outcome(leakage={"test_item_cold": nothing})


def test_nothing_to_beware_of_is_said():
    assert "Nothing: no search ended at a bound" in outcome()


def test_every_level_is_of_a_figure_that_the_audit_has():
    known = {*QUESTIONS, *(f"{choice}_{use}" for choice in TAGS for use in USES)}
    assert {*LEVELS, *(key for levels in LEVELS_OF_TAGS.values() for key in levels)} <= known


def test_warning_of_something_fitted_on_what_it_should_not_know():
    text = outcome(fitted_on=fitted_on(as_expected=False))
    assert "idf (``content/vocabulary.parquet``) is not what it should be" in text
    assert "rows of training, nothing of validation, values of the test." in text
    assert "is not what it should be" not in outcome()
