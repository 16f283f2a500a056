from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from blendmf.common.errors import UserError
from blendmf.config.models import model_entry
from blendmf.evaluation.compare import Comparison, Run, best_model, choosable, compare, pooled
from blendmf.evaluation.rating_metrics import WIDTHS, WITHIN
from blendmf.evaluation.user_metrics import RANKED, RATING, UNCERTAINTY
from blendmf.models.baselines import PopularityModel, RandomModel, fit_global_mean
from blendmf.models.bayesian_factor_model import LEVELS, BayesianFactorModel
from blendmf.models.observations import Observations
from ratings import observed
from small_evaluation import bias_model, evaluated, only_row

RANGE = (1.0, 5.0)
CATALOGUE = ("full_coverage", "full_novelty")


@pytest.fixture(scope="module")
def parts() -> list[Observations]:
    rng = np.random.default_rng(0)
    n_users, n_items = 60, 40
    quality = rng.normal(size=n_items)
    users, items = np.nonzero(rng.random((n_users, n_items)) < 0.5)
    ratings = np.clip(np.round(3.5 + quality[items] + rng.normal(size=len(items))), *RANGE)
    whole = observed(users, items, ratings, (n_users, n_items))
    part = rng.choice(3, size=len(items), p=[0.7, 0.15, 0.15])
    return [whole.where(part == k) for k in range(3)]


@pytest.fixture(scope="module")
def runs(parts) -> list[Run]:
    train = parts[0]
    models = [
        ("bias", 1, bias_model(train)),
        ("mean", 1, fit_global_mean(train, RANGE)),
        ("popularity", 1, PopularityModel.fit(train)),
        *(("random", seed, RandomModel.fit(train, RANGE, seed)) for seed in (1, 2, 3)),
    ]
    user_ids = np.arange(100, 100 + train.shape[0])
    runs = []
    for name, seed, model in models:
        scored = evaluated(model, parts, user_ids=user_ids, k=5)
        metrics = {"model": name, "seed": seed, **scored.metrics}
        runs.append(Run(name, seed, metrics, scored.per_user, scored.strata))
    return runs


@pytest.fixture(scope="module")
def comparison(runs) -> Comparison:
    return compare(runs, resamples=500, seed=42)


def test_means_equal_those_of_the_evaluations(runs, comparison):
    for model in ("bias", "random"):
        own = [run.metrics for run in runs if run.model == model]
        expected = {
            **{name: [m["rating"][name] for m in own] for name in RATING},
            **{f"rated_{n}": [m["rated"][n] for m in own] for n in ("precision_at_k", "mrr")},
            **{f"full_{n}": [m["full"][n] for m in own] for n in ("ndcg_at_k", "coverage")},
        }
        for metric, by_seed in expected.items():
            found = only_row(comparison.metrics, model=model, metric=metric)
            assert found["mean"] == pytest.approx(np.mean(by_seed))
            assert found.n_seeds == len(by_seed)
            spread = np.std(by_seed, ddof=1) if len(by_seed) > 1 else np.nan
            assert found.seed_sd == pytest.approx(spread, nan_ok=True)
            assert found.n_users == own[0]["full"]["n_users"] > len(own)
        scored = only_row(comparison.table, model=model)
        assert scored["n_ratings"] == own[0]["rating"]["n_ratings"]
        squares = [metrics["rating"]["squared_error"] for metrics in own]
        assert scored["squared_error"] == pytest.approx(np.mean(squares))


def test_interval_of_the_mean_over_seeds_against_a_direct_bootstrap(runs, comparison):
    own = [run.per_user for run in runs if run.model == "random"]
    rng = np.random.default_rng(9)
    drawn = []
    for _ in range(500):
        users = rng.integers(len(own[0]), size=len(own[0]))
        samples = [table.iloc[users] for table in own]
        by_seed = [np.sqrt(s.squared_error.sum() / s.n_ratings.sum()) for s in samples]
        drawn.append(np.mean(by_seed))
    found = only_row(comparison.metrics, model="random", metric="rmse")
    deviation = np.std(drawn)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.4 * deviation)
    assert found.high == pytest.approx(high, abs=0.4 * deviation)
    assert found.low < found["mean"] < found.high


def test_catalogue_metrics_have_no_interval(comparison):
    whole = comparison.metrics[comparison.metrics.metric.isin(["full_coverage", "full_novelty"])]
    assert len(whole) == 8
    assert whole[["low", "high"]].isna().all(axis=None)
    rest = comparison.metrics.drop(whole.index)
    assert rest[["low", "high"]].notna().all(axis=None)


def test_ranking_only_models_have_no_rating_metrics_and_come_last(comparison):
    own = comparison.metrics[comparison.metrics.model == "popularity"]
    assert not own.metric.isin(["rmse", "mae", "user_rmse", "user_mae"]).any()
    assert comparison.table.model.tolist() == ["bias", "mean", "random", "popularity"]
    assert comparison.table.seeds.tolist() == [1, 1, 3, 1]
    assert np.isnan(comparison.table.rmse.iloc[-1])
    assert not np.isnan(comparison.table.full_ndcg_at_k.iloc[-1])
    tested = comparison.differences.query("metric == 'rmse'")
    assert set(tested.model_a) | set(tested.model_b) == {"bias", "mean", "random"}


def test_every_pair_is_compared_on_every_shared_metric(comparison):
    counts = comparison.differences.metric.value_counts()
    assert counts.to_dict() == dict.fromkeys(RATING, 3) | dict.fromkeys(RANKED, 6)


def test_differences_are_signed_and_a_clear_difference_is_significant(comparison):
    found = only_row(comparison.differences, metric="rmse", model_a="bias", model_b="random")
    rmse = comparison.table.set_index("model").rmse
    assert found.difference == pytest.approx(rmse["bias"] - rmse["random"])
    assert found.low < found.difference < found.high < 0
    assert found.p_value == pytest.approx(2 / 501)
    assert found.p_holm == pytest.approx(3 * 2 / 501)


def test_identical_models_do_not_differ(runs):
    bias = runs[0]
    one = replace(runs[3], model="one")
    thrice = [replace(runs[3], model="thrice", seed=seed) for seed in (1, 2, 3)]
    twin = replace(bias, model="twin")
    differences = compare([bias, twin, one, *thrice], resamples=200, seed=1).differences
    for a, b in (("bias", "twin"), ("one", "thrice")):
        same = differences[(differences.model_a == a) & (differences.model_b == b)]
        assert len(same) == len(RATING + RANKED)
        assert same.difference.to_numpy() == pytest.approx(np.zeros(len(same)), abs=1e-12)
        assert (same.p_value == 1).all()
        assert (same.p_holm == 1).all()
        assert (same.effect_size == 0).all()
        assert (same.share_a_better == 0.5).all()
        assert same.seed_sd.to_numpy() == pytest.approx(np.zeros(len(same)), abs=1e-12)


def test_order_of_runs_and_users_does_not_matter(runs, comparison):
    rng = np.random.default_rng(3)
    shuffled = [
        replace(runs[k], per_user=runs[k].per_user.sample(frac=1, random_state=int(k)))
        for k in rng.permutation(len(runs))
    ]
    again = compare(shuffled, resamples=500, seed=42)
    for name in ("metrics", "differences", "table", "strata"):
        pd.testing.assert_frame_equal(
            getattr(again, name), getattr(comparison, name), check_exact=True
        )


def test_the_seed_determines_the_resamples(runs, comparison):
    other = compare(runs, resamples=500, seed=43)
    assert other.table.rmse.equals(comparison.table.rmse)
    assert (other.table.rmse_low.dropna() != comparison.table.rmse_low.dropna()).all()


def test_strata_are_averaged_over_seeds(runs, comparison):
    own = [run.strata for run in runs if run.model == "random"]
    found = comparison.strata[comparison.strata.model == "random"].reset_index(drop=True)
    assert len(found) == len(own[0])
    np.testing.assert_allclose(found.rmse, np.mean([s.rmse for s in own], axis=0))
    assert found.bin.tolist() == own[0].bin.tolist()
    assert found.n_ratings.tolist() == own[0].n_ratings.tolist()
    assert comparison.strata.model.nunique() == 4


def test_different_test_users_are_refused(runs):
    fewer = replace(runs[1], per_user=runs[1].per_user.iloc[1:])
    with pytest.raises(UserError, match=r"bias \(seed 1\) and mean \(seed 1\)"):
        compare([runs[0], fewer], resamples=10, seed=0)


def test_coverage_and_widths_are_measured_and_not_tested(parts):
    test, runs = parts[2], []
    (n_users, n_items), model = test.shape, None
    for name, spread in (("narrow", 0.3), ("wide", 1.2)):
        rows = (np.zeros((1, n, 2), np.float32) for n in (n_users, n_items))
        variances = np.linspace(0, spread, n_users, dtype=np.float32), np.ones(n_items, np.float32)
        model = BayesianFactorModel(n_users, n_items, (-9.0, 9.0), 3.5, *rows, *variances, LEVELS)
        scored = evaluated(model, parts, k=5)
        runs.append(Run(name, 1, scored.metrics, scored.per_user, scored.strata))
    found = compare(runs, resamples=200, seed=1)
    assert set(found.differences.metric) == {*RATING, *RANKED}
    assert set(found.metrics.metric) == {*RATING, *RANKED, *UNCERTAINTY, *CATALOGUE}
    for number, level in enumerate((0.5, 0.8, 0.9, 0.95)):
        low, high = model.intervals(test.users, test.items, level)
        inside = (low <= test.ratings) & (test.ratings <= high)
        for name, values in ((WITHIN[number], inside), (WIDTHS[number], high - low)):
            row = only_row(found.metrics, model="wide", metric=name)
            assert row["mean"] == pytest.approx(values.mean())
            assert row["low"] < row["mean"] < row["high"]


def test_ranking_only_models_can_be_compared(runs):
    comparison = compare([runs[2]], resamples=50, seed=0)
    assert comparison.differences.empty
    assert comparison.table.rmse.isna().all()


def test_folds_count_as_one_with_users_that_are_in_several(parts) -> None:
    whole = parts[0]
    fold_of = np.random.default_rng(1).integers(3, size=len(whole))
    runs, errors = [], []
    for fold in range(3):
        train, test = whole.where(fold_of != fold), whole.where(fold_of == fold)
        model = bias_model(train)
        scored = evaluated(model, (train, train.where(np.zeros(len(train), bool)), test), k=5)
        runs.append(Run("bias", 1, scored.metrics, scored.per_user, scored.strata))
        errors.append(
            pd.DataFrame(
                {"user": test.users, "e": model.predict(test.users, test.items) - test.ratings}
            )
        )
    errors = pd.concat(errors)
    found = compare(runs, resamples=300, seed=1)
    (row,) = found.table.to_dict("records")
    assert row["n_ratings"] == len(whole)
    assert row["squared_error"] == pytest.approx((errors["e"] ** 2).sum())
    assert row["rmse"] == pytest.approx(np.sqrt((errors["e"] ** 2).mean()))
    assert row["rmse_low"] < row["rmse"] < row["rmse_high"]
    per_user = pd.concat([run.per_user for run in runs])
    expected = per_user.groupby("user_id")["rated_ndcg_at_k"].mean().mean()
    assert row["rated_ndcg_at_k"] == pytest.approx(expected)
    pooled_users = only_row(found.metrics, metric="rmse")["n_users"]
    assert pooled_users == errors["user"].nunique()


def fold(strata, users, n_ratings, error, coverage, *, predicts=True):
    """Run of one fold; a user's errors, hits and lists are multiples of `error`."""
    factor = np.arange(1.0, 1 + len(users))
    per_user = pd.DataFrame({"user_id": users, "n_train": 10 * factor, "n_ratings": n_ratings})
    sums = ("n_relevant", "squared_error", "absolute_error", *UNCERTAINTY, *RANKED)
    per_user = per_user.assign(**dict.fromkeys(sums, error * factor))
    if not predicts:
        per_user[["squared_error", "absolute_error", *UNCERTAINTY]] = np.nan
    rating = {"n_ratings": sum(n_ratings), "squared_error": error * factor.sum()}
    full = {"coverage": coverage, "novelty": 2 * coverage, "n_users": len(users)}
    metrics = {"rating": rating if predicts else None, "full": full}
    return Run("bias", 1, metrics, per_user, strata)


def test_folds_add_errors_and_coverage_of_users_and_average_their_lists(runs) -> None:
    strata = runs[0].strata
    found = pooled([fold(strata, [7, 3], [4, 2], 1, 0.2), fold(strata, [7], [3], 8, 0.6)])
    assert found.metrics == {
        "rating": {"n_ratings": 9, "squared_error": 11.0},
        "full": {"coverage": pytest.approx(0.4), "novelty": pytest.approx(0.8), "n_users": 2},
    }
    table = found.per_user.set_index("user_id")
    assert table["n_ratings"].to_dict() == {3: 2, 7: 7}
    for name in ("n_relevant", "squared_error", "absolute_error", *UNCERTAINTY):
        assert table[name].to_dict() == {3: 2, 7: 1 + 8}, name
    for name in RANKED:
        assert table[name].to_dict() == {3: 2, 7: (1 + 8) / 2}, name


def test_folds_of_a_model_that_predicts_no_ratings_have_no_errors(runs) -> None:
    strata = runs[2].strata
    found = pooled([fold(strata, [7], [n], n, 0.5, predicts=False) for n in (1, 2)])
    assert found.metrics["rating"] is None
    silent = ["squared_error", "absolute_error", *UNCERTAINTY]
    assert found.per_user[silent].isna().all(axis=None)
    assert found.per_user["n_ratings"].tolist() == [3]


def test_the_interval_over_folds_is_as_wide_as_users_who_are_in_several_make_it(parts) -> None:
    scored = evaluated(bias_model(parts[0]), parts, k=5)
    run = Run("bias", 1, scored.metrics, scored.per_user, scored.strata)
    once, thrice = (compare([run] * n, resamples=300, seed=1).table for n in (1, 3))
    columns = ["rmse", "rmse_low", "rmse_high"]
    np.testing.assert_allclose(thrice[columns], once[columns])


def test_strata_of_folds_weigh_each_fold_by_the_ratings_of_the_bin(runs) -> None:
    run = runs[0]
    other = run.strata.assign(n_ratings=3 * run.strata["n_ratings"], mae=run.strata["mae"] + 1)
    folds = [run, replace(run, strata=other)]
    found = compare(folds, resamples=300, seed=1).strata
    expected = run.strata.reset_index(drop=True)
    assert found["n_ratings"].tolist() == (4 * expected["n_ratings"]).tolist()
    has_value = expected["mae"].notna()
    np.testing.assert_allclose(found["mae"][has_value], expected["mae"][has_value] + 0.75)
    assert found["mae"][~has_value].isna().all()


@pytest.mark.parametrize(
    ("without", "models", "expected"),
    [
        (90, ("mf", "mf-content"), ["mf", "mf-content"]),
        (91, ("mf", "mf-content"), ["mf"]),
        (100, ("mf-content",), ["mf-content"]),
    ],
)
def test_the_best_is_a_plain_model_if_too_few_items_have_words(without, models, expected) -> None:
    entries = {
        "mf": model_entry({"kind": "mf"}),
        "mf-content": model_entry({"kind": "mf-content", "blend": "item"}),
    }
    text = {"items": 100, "items_without_terms": without}
    assert choosable({name: entries[name] for name in models}, text) == expected


def test_the_best_model_has_the_lowest_error_or_else_the_highest_ndcg_among_some() -> None:
    columns = {"rmse": [0.9, 0.8, 0.8, np.nan, np.nan], "full_ndcg_at_k": [0.1, 0.2, 0.3, 0.5, 0.6]}
    table = pd.DataFrame({"model": ["a", "b", "c", "d", "e"]} | columns)
    chosen = {among: best_model(table, list(among)) for among in ("abcde", "ade", "cb", "de", "d")}
    assert chosen == {"abcde": "b", "ade": "a", "cb": "b", "de": "e", "d": "d"}
