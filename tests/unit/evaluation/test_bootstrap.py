import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from blendmf.evaluation import bootstrap as bootstrap_module
from blendmf.evaluation.bootstrap import (
    UserSums,
    bootstrap,
    bootstrap_p_values,
    holm,
    percentile_interval,
    resample_counts,
    resamples_needed,
    smallest_p_value,
)


def test_a_resample_draws_as_many_users_as_the_sample_has():
    counts = np.concatenate(list(resample_counts(17, 200, np.random.default_rng(0))))
    assert counts.shape == (200, 17)
    assert (counts.sum(axis=1) == 17).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(17), abs=0.35)
    # Counts of draws with replacement are binomial with variance 1 - 1/n.
    assert counts.var() == pytest.approx(1 - 1 / 17, rel=0.1)


def test_resamples_do_not_depend_on_the_block_size(monkeypatch):
    whole = np.concatenate(list(resample_counts(13, 50, np.random.default_rng(1))))
    monkeypatch.setattr(bootstrap_module, "BLOCK_BYTES", 8 * 13 * 7)
    blocks = list(resample_counts(13, 50, np.random.default_rng(1)))
    assert len(blocks) == 8
    np.testing.assert_array_equal(np.concatenate(blocks), whole)


def test_the_bootstrap_equals_drawing_users_individually():
    rng = np.random.default_rng(2)
    n_users, resamples = 9, 25
    n_ratings = rng.integers(1, 6, n_users)
    errors = [rng.normal(size=(n, 2)) for n in n_ratings]
    squared = np.array([(e**2).sum(axis=0) for e in errors])
    metric = UserSums(squared, n_ratings.astype(float), root=True)
    both = {"rmse": metric, "mse": UserSums(squared, n_ratings.astype(float))}
    drawn = bootstrap(both, resamples, np.random.default_rng(3))

    users = np.random.default_rng(3).integers(n_users, size=(resamples, n_users))
    for row, chosen in enumerate(users):
        pooled = np.concatenate([errors[user] for user in chosen])
        np.testing.assert_allclose(drawn["mse"][row], (pooled**2).mean(axis=0))
        np.testing.assert_allclose(drawn["rmse"][row], np.sqrt((pooled**2).mean(axis=0)))
    every = np.concatenate(errors)
    np.testing.assert_allclose(metric.value(), np.sqrt((every**2).mean(axis=0)))


def test_interval_of_evenly_spread_values():
    assert percentile_interval(np.linspace(0.0, 1.0, 1001)) == pytest.approx((0.025, 0.975))


def test_p_value_counts_the_rarer_side_and_is_never_zero():
    differences = np.array([-1.0] * 3 + [1.0] * 96)
    assert bootstrap_p_values(differences) == pytest.approx(2 * 4 / 100)
    assert bootstrap_p_values(-differences) == pytest.approx(2 * 4 / 100)
    assert bootstrap_p_values(np.ones(99)) == pytest.approx(2 / 100)
    assert bootstrap_p_values(np.zeros(99)) == 1.0
    # Rounding errors do not count as a difference.
    assert bootstrap_p_values(np.full(99, 3e-16)) == 1.0


@pytest.mark.parametrize(("n_users", "least"), [(1, 1.0), (2, 0.5), (5, 1 / 16), (6, 1 / 32)])
def test_p_values_are_at_least_the_probability_that_few_users_agree(n_users, least):
    assert bootstrap_p_values(np.ones(9999), n_users) == least
    assert bootstrap_p_values(np.ones(9999), 600) == pytest.approx(2 / 10_000)
    assert bootstrap_p_values(np.zeros(9999), n_users) == 1.0


def test_resamples_without_a_user_of_a_metric_are_left_out():
    of_two = UserSums(np.ones((40, 1)), (np.arange(40) < 2).astype(float))
    of_all = UserSums(np.ones((40, 1)), np.ones(40))
    drawn = bootstrap({"two": of_two, "all": of_all}, 300, np.random.default_rng(0))
    assert len(drawn["all"]) == 300
    # 40 draws miss both users with probability (38 / 40)^40, or 13 %.
    assert 300 * 0.75 < len(drawn["two"]) < 300 * 0.95
    assert np.isfinite(drawn["two"]).all()


def test_columns_are_independent_of_each_other():
    drawn = np.random.default_rng(6).normal(0.1, size=(99, 2, 3))
    low, high = percentile_interval(drawn)
    p_values = bootstrap_p_values(drawn)
    assert low.shape == high.shape == p_values.shape == (2, 3)
    assert (low[1, 2], high[1, 2]) == percentile_interval(drawn[:, 1, 2])
    assert p_values[1, 2] == bootstrap_p_values(drawn[:, 1, 2])


@given(st.integers(1, 100_000), st.integers(1, 500), st.sampled_from([0.05, 0.01, 0.001]))
def test_the_number_of_resamples_is_the_fewest_that_can_show_a_difference(resamples, tests, level):
    needed = resamples_needed(level, tests)
    assert smallest_p_value(needed, tests) < level
    assert smallest_p_value(needed - 1, tests) >= level * (1 - 1e-9)
    assert smallest_p_value(resamples, tests) <= 1
    clear = holm([bootstrap_p_values(np.ones(99))] * 4)
    assert clear == pytest.approx(np.full(4, smallest_p_value(99, 4)))


def squared_errors(rng, n_users, levels):
    """Squared errors and rating counts of users whose difficulty is shared by all models."""
    n_ratings = rng.integers(1, 12, n_users)
    hardness = rng.gamma(4.0, 0.25, n_users)
    return (
        np.column_stack([level**2 * hardness * rng.chisquare(n_ratings) for level in levels]),
        n_ratings.astype(float),
    )


def drawn_differences(levels):
    """Resampled differences of the RMSEs of two models in each of 400 experiments."""
    for k in range(400):
        rng = np.random.default_rng(k)
        metric = UserSums(*squared_errors(rng, 80, levels), root=True)
        drawn = bootstrap({"rmse": metric}, 400, rng)["rmse"]
        yield drawn[:, 0] - drawn[:, 1]


def test_paired_interval_covers_the_true_difference_at_its_nominal_rate():
    # The mean difficulty is 1, so the levels are the true RMSEs of the models.
    intervals = map(percentile_interval, drawn_differences((0.9, 0.97)))
    held = [low <= 0.9 - 0.97 <= high for low, high in intervals]
    # 95 % of 400 runs, standard deviation 1.1 %; percentile intervals are slightly narrow.
    assert 0.91 <= np.mean(held) <= 0.98


def test_p_values_of_equally_good_models_are_uniform():
    p_values = np.array([bootstrap_p_values(drawn) for drawn in drawn_differences((0.9, 0.9))])
    assert scipy.stats.kstest(p_values, "uniform").statistic < 0.08
    assert np.mean(p_values < 0.05) == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize("root", [False, True])
def test_influence_is_the_derivative_of_the_metric_by_a_users_weight(root):
    rng = np.random.default_rng(10)
    sums, weights = squared_errors(rng, 15, (0.9, 1.1, 1.0))
    mean = np.array([[0.5, 0.0], [0.5, 0.0], [0.0, 1.0]])
    metric = UserSums(sums, weights, root).averaged(mean)
    step = 1e-6
    heavier = np.ones((15, 15)) + step * 15 * np.eye(15) - step
    slope = (metric.resampled(heavier) - metric.value()) / step
    np.testing.assert_allclose(metric.influence(), slope, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(metric.influence().mean(axis=0), 0, atol=1e-12)


def test_users_without_a_value_have_no_influence():
    metric = UserSums(np.array([[1.0], [0.0], [3.0]]), np.array([1.0, 0.0, 1.0]))
    np.testing.assert_allclose(metric.influence().ravel(), [-1, 1])
    np.testing.assert_allclose(metric.per_user().ravel(), [1, 3])


def test_a_mean_of_roots_is_not_the_root_of_the_mean():
    squared, halves = np.array([[1.0, 9.0]]), np.array([[0.5], [0.5]])
    assert UserSums(squared, np.ones(1), root=True).averaged(halves).value() == [2.0]
    assert UserSums(squared, np.ones(1)).averaged(halves).value() == [5.0]


def test_holm_correction_by_hand():
    # 4 x .005, 3 x .01, then 2 x .03 = .06, which is also the lower bound for .04.
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.6, 0.9]), [1.0, 1.0])
    assert holm([]).shape == (0,)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_holm_lies_between_raw_and_bonferroni_p_values_in_any_order(p_values, random):
    corrected = holm(p_values)
    bonferroni = np.minimum(1.0, len(p_values) * np.array(p_values))
    assert (corrected >= p_values).all()
    assert (corrected <= bonferroni).all()
    order = random.sample(range(len(p_values)), len(p_values))
    np.testing.assert_array_equal(holm(np.array(p_values)[order]), corrected[order])
