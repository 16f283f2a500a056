import numpy as np
import pandas as pd
import pytest
import scipy.stats

from blendmf.evaluation.differences import (
    DIFFERENCE_COLUMNS,
    GROUP_COLUMNS,
    differences_table,
    effect_size,
    group_differences,
    share_better,
)
from blendmf.evaluation.user_metrics import RANKED, higher_is_better, measure
from blendmf.evaluation.verdict import against
from small_evaluation import only_row

N_USERS = 50


def per_user(seed: int, error: float, precision: float) -> pd.DataFrame:
    """Per-user table of a model; user difficulty is shared by all models."""
    users = np.random.default_rng(0)
    n_ratings = users.integers(1, 9, N_USERS)
    hardness = users.gamma(4.0, 0.25, N_USERS)
    rng = np.random.default_rng(seed)
    squared = error**2 * hardness * rng.chisquare(n_ratings)
    table = pd.DataFrame(
        {
            "user_id": np.arange(N_USERS),
            "n_ratings": n_ratings,
            "squared_error": squared,
            "absolute_error": np.sqrt(squared * n_ratings) * 0.8,
        }
    )
    return table.assign(**{name: rng.random(N_USERS) < precision for name in RANKED}).astype(float)


FITS = {("good", 1): 0.9, ("good", 2): 0.91, ("poor", 1): 1.1, ("poor", 2): 1.13, ("fixed", 1): 1.0}


@pytest.fixture(scope="module")
def tables() -> dict[tuple[str, int], pd.DataFrame]:
    return {
        fit: per_user(k, error, 1.2 - error) for k, (fit, error) in enumerate(sorted(FITS.items()))
    }


def differences_of(tables: dict[tuple[str, int], pd.DataFrame]) -> pd.DataFrame:
    models = [model for model, _ in tables]
    return differences_table(measure(list(tables.values()), models, 300, 42))


@pytest.fixture(scope="module")
def differences(tables) -> pd.DataFrame:
    return differences_of(tables)


def row(table: pd.DataFrame, metric: str, a: str, b: str) -> pd.Series:
    return only_row(table, metric=metric, model_a=a, model_b=b)


def of_users(tables, model: str, column: str) -> np.ndarray:
    """Mean of a column over the fits of a model, by user."""
    return np.mean([table[column] for fit, table in tables.items() if fit[0] == model], axis=0)


def test_effect_size_of_a_mean_is_cohens_d_of_the_paired_differences(tables, differences):
    good, poor = (of_users(tables, model, "rated_recall_at_k") for model in ("good", "poor"))
    found = row(differences, "rated_recall_at_k", "good", "poor")
    assert found.effect_size == pytest.approx((good - poor).mean() / (good - poor).std(ddof=1))
    t = scipy.stats.ttest_rel(good, poor).statistic
    assert found.effect_size * np.sqrt(N_USERS) == pytest.approx(t)


def test_effect_size_of_a_pooled_error_is_the_difference_over_its_spread(differences):
    found = row(differences, "rmse", "good", "poor")
    # The interval's half width is 1.96 standard errors (standard deviation / sqrt(n)).
    deviation = (found.high - found.low) / 2 / 1.96 * np.sqrt(N_USERS)
    assert found.effect_size == pytest.approx(found.difference / deviation, rel=0.15)
    assert found.effect_size < 0


def test_effect_size_without_variation():
    assert effect_size(0.0, np.zeros(5)) == 0
    assert effect_size(1e-17, np.zeros(5)) == 0
    assert np.isnan(effect_size(0.3, np.zeros(5)))
    assert np.isnan(effect_size(0.3, np.array([0.0])))


def test_share_of_users_counts_ties_half_and_respects_the_direction():
    a, b = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.2, 0.2 + 1e-15, 0.1, 0.9])
    assert share_better(a, b, higher=True) == pytest.approx(1.5 / 4)
    assert share_better(a, b, higher=False) == pytest.approx(2.5 / 4)


def test_share_of_users_uses_each_users_own_error(tables, differences):
    fixed, poor = (of_users(tables, model, "squared_error") for model in ("fixed", "poor"))
    found = row(differences, "rmse", "fixed", "poor")
    assert found.share_a_better == pytest.approx((fixed < poor).mean())
    assert found.share_a_better > 0.5


def test_relative_difference_is_in_percent_of_the_second_model(tables, differences):
    rmse = {
        fit: np.sqrt(table.squared_error.sum() / table.n_ratings.sum())
        for fit, table in tables.items()
    }
    good, poor = ((rmse[name, 1] + rmse[name, 2]) / 2 for name in ("good", "poor"))
    found = row(differences, "rmse", "good", "poor")
    assert found.difference == pytest.approx(good - poor)
    assert found.relative_percent == pytest.approx(100 * (good / poor - 1))


def test_seed_spread_combines_both_models_and_is_0_for_deterministic_models(tables, differences):
    mae = {fit: table.absolute_error.sum() / table.n_ratings.sum() for fit, table in tables.items()}
    spread = {name: np.std([mae[name, 1], mae[name, 2]], ddof=1) for name in ("good", "poor")}
    both = row(differences, "mae", "good", "poor").seed_sd
    assert both == pytest.approx(np.hypot(spread["good"], spread["poor"]))
    assert row(differences, "mae", "fixed", "poor").seed_sd == pytest.approx(spread["poor"])


def test_seed_spread_of_single_fits_is_unknown(tables):
    single = differences_of({fit: table for fit, table in tables.items() if fit[1] == 1})
    assert len(single) == 3 * 18
    assert single.seed_sd.isna().all()
    assert single.drop(columns="seed_sd").notna().all(axis=None)


@pytest.mark.parametrize("n_ranked", [3, 20])
def test_users_outside_the_full_protocol_do_not_count(tables, n_ranked):
    is_ranked = np.arange(N_USERS) < n_ranked
    full = [name for name in RANKED if name.startswith("full_")]
    some = differences_of(
        {
            fit: table.assign(**{name: table[name].where(is_ranked) for name in full})
            for fit, table in tables.items()
        }
    )
    few = differences_of({fit: table[is_ranked] for fit, table in tables.items()})
    ours, theirs = (row(found, "full_mrr", "good", "poor") for found in (some, few))
    assert ours.n_users == n_ranked
    assert row(some, "rated_mrr", "good", "poor").n_users == N_USERS
    for column in ("difference", "effect_size", "share_a_better", "seed_sd", "relative_percent"):
        assert ours[column] == pytest.approx(theirs[column], nan_ok=True)
    assert some[["low", "high", "p_value", "p_holm"]].notna().all(axis=None)


def test_three_users_who_agree_are_not_significant(tables):
    found = differences_of({fit: table[:3] for fit, table in tables.items()})
    assert found.p_value.min() == 0.25
    findings = {of.finding for of in against(found, "rmse", "poor").values()}
    assert not {"better", "worse"} & findings


def test_a_single_model_gives_an_empty_table_with_its_columns(tables):
    table = differences_of({("good", 1): tables["good", 1]})
    assert table.empty
    assert list(table.columns) == DIFFERENCE_COLUMNS


def test_each_metric_is_a_separate_family_of_hypotheses(differences):
    for _, family in differences.groupby("metric"):
        smallest = family.p_value.min()
        assert family.p_holm.min() == pytest.approx(min(1, len(family) * smallest))
        assert (family.p_holm >= family.p_value).all()


@pytest.mark.parametrize("metric", ["rmse", "full_ndcg_at_k"])
def test_differences_from_a_reference_do_not_depend_on_the_pair_order(differences, metric):
    from_poor = against(differences, metric, "poor")
    assert set(from_poor) == {"good", "fixed"}
    there, back = from_poor["good"], against(differences, metric, "good")["poor"]
    assert there == back.reversed()
    found = row(differences, metric, "good", "poor")
    assert (there.value, there.low, there.high) == (found.difference, found.low, found.high)
    assert there.share_better == found.share_a_better
    assert there.higher_is_better == higher_is_better(metric) == (metric != "rmse")
    assert there.finding.endswith("better")
    assert back.finding == there.finding.replace("better", "worse")


def test_a_model_without_the_metric_cannot_be_the_reference(differences):
    assert against(differences, "rmse", "popularity") == {}


@pytest.fixture(scope="module")
def with_history(tables):
    """The tables, of users with 5, 20 and 600 training ratings; a single one has 600."""
    n_train = np.where(np.arange(N_USERS) < 30, 5, 20)
    n_train[-1] = 600
    return [table.assign(n_train=n_train) for table in tables.values()]


def test_a_group_is_compared_as_if_it_were_all_users(tables, with_history):
    models = [model for model, _ in tables]
    groups = group_differences(with_history, models, 300, 42)
    assert groups["bin"].unique().tolist() == ["1-10", "11-20"]
    of_group = differences_of({fit: table[:30] for fit, table in tables.items()})
    expected = row(of_group, "rmse", "good", "poor")
    found = only_row(groups, bin="1-10", model_a="good", model_b="poor")
    same = ["metric", "difference", "low", "high", "n_users"]
    assert found[same].tolist() == expected[same].tolist()


def test_groups_do_not_depend_on_the_order_of_users(tables, with_history):
    models = [model for model, _ in tables]
    shuffled = [with_history[0].sample(frac=1, random_state=1), *with_history[1:]]
    pd.testing.assert_frame_equal(
        group_differences(shuffled, models, 100, 42),
        group_differences(with_history, models, 100, 42),
    )


def test_models_that_predict_no_ratings_have_no_differences_in_groups(with_history):
    silent = [table.assign(squared_error=np.nan) for table in with_history[:2]]
    groups = group_differences(silent, ["a", "b"], 100, 42)
    assert groups.empty
    assert groups.columns.tolist() == GROUP_COLUMNS
