import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendmf.evaluation import inference
from blendmf.evaluation.inference import (
    UserSums,
    bootstrap,
    bootstrap_p_value,
    holm,
    percentile_interval,
    resample_counts,
)


def test_resample_draws_as_many_users_as_there_are():
    counts = np.concatenate(list(resample_counts(17, 200, np.random.default_rng(0))))
    assert counts.shape == (200, 17)
    assert (counts.sum(axis=1) == 17).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(17), abs=0.35)
    # Drawn with replacement, a count is binomial with variance 1 - 1/n.
    assert counts.var() == pytest.approx(1 - 1 / 17, rel=0.1)


def test_resamples_do_not_depend_on_the_blocks(monkeypatch):
    whole = np.concatenate(list(resample_counts(13, 50, np.random.default_rng(1))))
    monkeypatch.setattr(inference, "BLOCK_BYTES", 8 * 13 * 7)
    blocks = list(resample_counts(13, 50, np.random.default_rng(1)))
    assert len(blocks) == 8
    np.testing.assert_array_equal(np.concatenate(blocks), whole)


def test_metric_over_all_users_is_the_ratio_of_sums():
    squared = np.array([[4.0, 1.0], [5.0, 2.0], [0.0, 3.0]])
    n_ratings = np.array([2.0, 1.0, 3.0])
    root = UserSums(squared, n_ratings, root=True)
    np.testing.assert_allclose(root.value(), [np.sqrt(1.5), 1.0])
    np.testing.assert_allclose(UserSums(squared, n_ratings).value(), [1.5, 1.0])


def test_bootstrap_equals_drawing_users_one_by_one():
    rng = np.random.default_rng(2)
    n_users, resamples = 9, 25
    n_ratings = rng.integers(1, 6, n_users)
    errors = [rng.normal(size=(n, 2)) for n in n_ratings]
    squared = np.array([(e**2).sum(axis=0) for e in errors])
    metric = UserSums(squared, n_ratings.astype(float), root=True)
    drawn = bootstrap({"rmse": metric}, resamples, np.random.default_rng(3))["rmse"]

    users = np.random.default_rng(3).integers(n_users, size=(resamples, n_users))
    for row, chosen in enumerate(users):
        pooled = np.concatenate([errors[user] for user in chosen])
        np.testing.assert_allclose(drawn[row], np.sqrt((pooled**2).mean(axis=0)))


def test_all_metrics_see_the_same_resamples():
    values = np.random.default_rng(4).random((30, 1))
    metrics = {"a": UserSums(values, np.ones(30)), "twice": UserSums(2 * values, np.ones(30))}
    drawn = bootstrap(metrics, 100, np.random.default_rng(5))
    np.testing.assert_allclose(drawn["twice"], 2 * drawn["a"])


def test_interval_holds_the_true_mean_as_often_as_it_says():
    truth, experiments, held = 0.3, 400, 0
    for k in range(experiments):
        rng = np.random.default_rng(k)
        users = UserSums(rng.exponential(truth, size=(80, 1)), np.ones(80))
        low, high = percentile_interval(bootstrap({"m": users}, 400, rng)["m"].ravel())
        held += low <= truth <= high
    assert 0.90 <= held / experiments <= 0.98


def test_interval_of_evenly_spread_values():
    assert percentile_interval(np.linspace(0.0, 1.0, 1001)) == pytest.approx((0.025, 0.975))


def test_p_values_without_a_difference_are_spread_evenly():
    p_values = []
    for k in range(300):
        rng = np.random.default_rng(k)
        noise = UserSums(rng.normal(size=(60, 1)), np.ones(60))
        p_values.append(bootstrap_p_value(bootstrap({"d": noise}, 400, rng)["d"].ravel()))
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.04)
    assert np.mean(np.array(p_values) < 0.5) == pytest.approx(0.5, abs=0.1)


def test_p_value_counts_the_rarer_side_and_is_never_zero():
    differences = np.array([-1.0] * 3 + [1.0] * 96)
    assert bootstrap_p_value(differences) == pytest.approx(2 * 4 / 100)
    assert bootstrap_p_value(-differences) == pytest.approx(2 * 4 / 100)
    assert bootstrap_p_value(np.ones(99)) == pytest.approx(2 / 100)
    assert bootstrap_p_value(np.zeros(99)) == 1.0


def test_p_value_takes_rounding_for_no_difference():
    assert bootstrap_p_value(np.full(99, 3e-16)) == 1.0


def test_holm_by_hand():
    # 4 x .005, 3 x .01, then 2 x .03 = .06, which .04 may not fall below.
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.6, 0.9]), [1.0, 1.0])
    assert holm([]).shape == (0,)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_holm_lies_between_the_p_value_and_bonferroni_in_any_order(p_values, random):
    corrected = holm(p_values)
    bonferroni = np.minimum(1.0, len(p_values) * np.array(p_values))
    assert (corrected >= p_values).all()
    assert (corrected <= bonferroni).all()
    order = random.sample(range(len(p_values)), len(p_values))
    np.testing.assert_array_equal(holm(np.array(p_values)[order]), corrected[order])
