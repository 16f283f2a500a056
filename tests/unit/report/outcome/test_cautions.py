import numpy as np
import pytest

from blendmf.audits.leakage import QUESTIONS, TAGS, USES
from blendmf.report.outcome.cautions import LEVELS, LEVELS_OF_TAGS
from outcomes import MODELS, RMSE, best_of, finding, fitted_on, outcome, part, results

BOUND = {"parameter": "regularization", "value": 0.0984, "bound": "high", "limit": 0.1}
SEARCHED = MODELS | {name: MODELS[name] | {"search": True} for name in ("mf", "mf-content")}
STRATA, METRICS = results().strata, results().metrics
FEW_IN_YEAR = STRATA.assign(n_users=STRATA["n_users"].replace(210, 29))
FEW_RANKED = METRICS["n_users"].where(METRICS["metric"] != "full_ndcg_at_k", 29)
SOURCE = results().source
COUNTS = SOURCE | {"ratings": {"mean": 90.0, "lowest": 1, "median": 271.5, "largest": 1234567}}
LISTS = results().lists
TIMELESS = {name: part(100, 50, 0, 0) for name in ("train", "validation", "test")}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (
            {"source": SOURCE | {"doubts": ["films.csv: 40 genres contain ';'"]}},
            ["films.csv: 40 genres contain ';'."],
        ),
        (
            {"source": COUNTS},
            ["Half of the ratings are at most 271.5, the largest is 1234567: like counts, they"],
        ),
        (
            {"text": {"items": 60, "items_without_terms": 40}},
            ["40 of 60 items have no words: content tells nothing about them"],
        ),
        (
            {"lists": LISTS | {"n_users_with_up_to_k_candidates": 600}},
            [
                "Precision, rated and Recall, rated say nothing here, so do not compare models by ",
                "by them: 600 of 610 users have at most 10 test ratings",
            ],
        ),
        (
            {"lists": LISTS | {"relevant_share": 0.004}},
            ["and NDCG, full say nothing here", "by them: nearly no test ratings are rel"],
        ),
        (
            {"lists": LISTS | {"relevant_share": 0.97}},
            ["by them: nearly all test ratings are relevant (97.0 %)"],
        ),
        (
            {"best": [best_of("mf") | {"distinct_values": 1}]},
            ["All trials of ``mf`` had the same score, so that its search could not choose"],
        ),
        (
            {"rmse": RMSE | {"svd": RMSE["mf"]}, "half_width": 0},
            ["``mf`` and ``svd`` have the same errors: they cannot differ on these data."],
        ),
        (
            {"best": [best_of("mf", failed=3, boundary=[BOUND])]},
            [
                "ended at the upper bound of ``regularization`` (0.0984, the bound is 0.1)",
                "3 of the 30 trials of ``mf`` failed",
            ],
        ),
        (
            {"best": [best_of("mf"), best_of("svd", trials=10, epochs=None)]},
            [
                "with different numbers of trials: ``mf`` 30 and ``svd`` 10, of at most 50 epochs",
                "Searched models had different numbers of trials: a model with more may be",
            ],
        ),
        (
            {"models": SEARCHED, "best": [best_of("mf"), best_of("mf-content")]},
            ["``svd`` was not searched, unlike other models"],
        ),
        (
            {"n_users": 12, "strata": FEW_IN_YEAR},
            [
                "Only 12 users have test ratings",
                "Some strata have fewer than 30 users, so their metrics are rough: year 1998.",
            ],
        ),
        (
            {"evaluation": {"bootstrap_resamples": 239}},
            [
                "With 239 resamples and 6 pairs of models no corrected p-value can fall below 0.05",
                "raise ``evaluation.bootstrap_resamples`` to 240 or more",
            ],
        ),
        (
            {"r_hats": {"mf": 1.84, "svd": 1.2, "bias": 1.09}},
            [
                "The draws of ``mf`` and ``svd`` had not settled (split R-hat of their validation errors "
                "up to 1.8"
            ],
        ),
        ({"n_seeds": 1, "seed_sd": np.nan}, ["Every model was fitted once"]),
        (
            {"metrics": METRICS.assign(n_users=FEW_RANKED)},
            [
                "The catalogue was ranked for only 29 users",
                "*full* the whole catalogue (for 29 of them, drawn at random) without",
                "recommended to any of 29 users",
            ],
        ),
        (
            {"split": {"scheme": "per-user-temporal", "parts": TIMELESS}},
            ["the audit cannot find leaks in time"],
        ),
        (
            {"fitted_on": fitted_on(as_expected=False)},
            [
                "idf (``content/vocabulary.parquet``) is not as expected",
                "changes with rows of training, nothing of validation and values of the test",
            ],
        ),
    ],
)
def test_weaknesses_of_the_results_are_listed(changed, expected):
    text, usual = outcome(**changed), outcome()
    assert "None: no search ended at a bound" in usual
    assert "None: no search" not in text
    for words in expected:
        assert words in text
        assert words not in usual


def test_absent_weaknesses_are_not_listed():
    assert "resamples and" not in outcome(evaluation={"bootstrap_resamples": 240})
    rmse, models = {"svd": 1.01, "bias": 1.0}, {"svd": {"kind": "svd"}, "bias": {"kind": "bias"}}
    assert "fitted once" not in outcome(rmse, models=models, n_seeds=1, seed_sd=np.nan)
    assert "No items." not in outcome(leakage={"test_item_cold": finding(0, 0, "No items.")})


def test_leaks_above_their_threshold_are_listed():
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
    for absent in ("At its level", "Own future", "Unknown"):
        assert absent not in text


@pytest.mark.parametrize(
    ("content", "models", "warned"),
    [
        ({"parts": ["tags"], "tags": "all"}, MODELS, True),
        ({"parts": ["tags"], "tags": "train-only"}, MODELS, False),
        ({"parts": ["genres"], "tags": "all"}, MODELS, False),
        ({"parts": ["tags"], "tags": "all"}, {**MODELS, "mf-content": {"kind": "mf"}}, False),
    ],
)
def test_leaking_tags_matter_only_if_a_model_uses_them(content, models, warned):
    leakage = {"tags_on_test_pairs": finding(3, 3683, "Tags by the very person.")}
    text = outcome(leakage=leakage, content=content, models=models)
    assert ("Tags by the very person. Here: 0.1 % (3 of 3,683)." in text) == warned


def test_every_threshold_belongs_to_a_finding_of_the_audit():
    known = {*QUESTIONS, *(f"{choice}_{use}" for choice in TAGS for use in USES)}
    assert {*LEVELS, *(key for levels in LEVELS_OF_TAGS.values() for key in levels)} <= known


@pytest.mark.parametrize(("limit", "warned"), [(50, True), (609, False)])
def test_a_bound_that_the_data_set_is_no_reason_to_widen_the_space(limit, warned):
    bound = {"parameter": "rank", "value": limit, "bound": "high", "limit": limit}
    text = outcome(best=[best_of("svd", boundary=[bound])])
    assert ("bound of ``rank``" in text) == warned
