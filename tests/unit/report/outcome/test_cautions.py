import numpy as np
import pytest

from blendmf.audits.leakage import QUESTIONS, TAGS, USES
from blendmf.report.outcome.cautions import LEVELS, LEVELS_OF_TAGS
from outcomes import MODELS, best_of, finding, fitted_on, outcome, part, results


def test_searches_at_a_bound_and_failed_trials():
    met = {"parameter": "regularization", "value": 0.0984, "bound": "high", "limit": 0.1}
    text = outcome(best=[best_of("mf", failed=3, boundary=[met])])
    assert "ended at the upper bound of ``regularization`` (0.0984, the bound is 0.1)" in text
    assert "3 of the 30 trials of ``mf`` failed" in text


def test_searches_with_different_budgets():
    best = [best_of("mf"), best_of("svd", trials=10, epochs=None)]
    text = outcome(best=best)
    assert "with different numbers of trials: ``mf`` 30 and ``svd`` 10, of at most 50 epo" in text
    assert "Searched models had different numbers of trials: a model with more may be" in text


def test_models_that_could_have_been_searched():
    models = MODELS | {name: MODELS[name] | {"search": True} for name in ("mf", "mf-content")}
    best = [best_of("mf"), best_of("mf-content")]
    assert "``svd`` was not searched, unlike other models" in outcome(models=models, best=best)
    assert "unlike other" not in outcome(models=MODELS)


def test_few_users():
    strata = results().strata
    few = strata.assign(n_users=strata["n_users"].replace(210, 29))
    text = outcome(n_users=12, strata=few)
    assert "Only 12 users have test ratings" in text
    assert "Some strata have fewer than 30 users, so their metrics are rough: year 1998." in text


def test_too_few_resamples():
    text = outcome(evaluation={"bootstrap_resamples": 239})
    assert "With 239 resamples and 6 pairs of models no corrected p-value can fall below 0.05" in (
        text
    )
    assert "raise ``evaluation.bootstrap_resamples`` to 240 or more" in text
    assert "resamples and" not in outcome(evaluation={"bootstrap_resamples": 240})


def test_a_single_seed_matters_only_for_stochastic_models():
    assert "Every model was fitted once" in outcome(n_seeds=1, seed_sd=np.nan)
    rmse, models = {"svd": 1.01, "bias": 1.0}, {"svd": {"kind": "svd"}, "bias": {"kind": "bias"}}
    assert "fitted once" not in outcome(rmse, models=models, n_seeds=1, seed_sd=np.nan)


def test_full_protocol_for_few_users():
    metrics = results().metrics
    n_users = metrics["n_users"].where(metrics["metric"] != "full_ndcg_at_k", 29)
    text = outcome(metrics=metrics.assign(n_users=n_users))
    assert "The catalogue was ranked for only 29 users" in text
    assert "*full* the whole catalogue (for 29 of them, drawn at random) without" in text
    assert "recommended to any of 29 users" in text
    for absent in ("was ranked for", "drawn at random"):
        assert absent not in outcome()


def test_ratings_without_timestamps():
    timeless = {name: part(100, 50, 0, 0) for name in ("train", "validation", "test")}
    text = outcome(split={"scheme": "per-user-temporal", "parts": timeless})
    assert "the audit cannot find leaks in time" in text
    assert "the audit found no leak above its level" not in text
    assert "the audit cannot find" not in outcome()


def test_leaks_above_their_level():
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
    assert "No items." not in outcome(leakage={"test_item_cold": finding(0, 0, "No items.")})


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


def test_a_run_without_cautions():
    assert "None: no search ended at a bound" in outcome()


def test_every_level_belongs_to_a_finding_of_the_audit():
    known = {*QUESTIONS, *(f"{choice}_{use}" for choice in TAGS for use in USES)}
    assert {*LEVELS, *(key for levels in LEVELS_OF_TAGS.values() for key in levels)} <= known


def test_statistics_fitted_on_the_wrong_part():
    text = outcome(fitted_on=fitted_on(as_expected=False))
    assert "idf (``content/vocabulary.parquet``) is not as expected" in text
    assert "changes with rows of training, nothing of validation and values of the test" in text
    assert "is not as expected" not in outcome()
