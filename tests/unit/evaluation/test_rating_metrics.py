from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from blendmf.common.random_streams import stream
from blendmf.evaluation.rating_metrics import (
    LEVELS,
    WIDTHS,
    WITHIN,
    interval_sums,
    prediction_errors,
    rating_metrics,
    rmse_interval,
)
from blendmf.models.baselines import PopularityModel
from blendmf.models.bayesian_factor_model import NORMAL_WIDTHS, BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from ratings import observed, observed_triples

TEST = observed_triples([(0, 0, 1.0), (0, 1, 4.0), (1, 0, 2.0)], (2, 2))


def test_a_model_that_predicts_no_ratings_has_no_errors_and_no_intervals():
    model = PopularityModel.fit(TEST)
    assert np.isnan(prediction_errors(model, TEST)).all()
    assert all(np.isnan(values).all() for values in interval_sums(model, TEST).values())


def test_an_error_is_the_predicted_minus_the_observed_rating():
    model = FactorModel(2, 2, (1.0, 5.0), 3.0, item_bias=np.array([0.5, -1.0], dtype=np.float32))
    assert prediction_errors(model, TEST).tolist() == [2.5, -2.0, 1.5]


@pytest.mark.parametrize("n_broken", [1, 2])
def test_nan_predictions_are_refused_even_a_single_one(n_broken):
    biases = np.array([0.0, 0.0], dtype=np.float32)
    biases[:n_broken] = np.nan
    broken = FactorModel(2, 2, (1.0, 5.0), 3.0, item_bias=biases)
    with pytest.raises(ValueError, match="predicted ratings of the factor-model model"):
        prediction_errors(broken, TEST)


def test_metrics_pool_the_ratings_or_average_over_users():
    sums = np.array([4.0, 20.0]), np.array([2.0, 6.0]), np.array([1, 5])
    assert rating_metrics(*sums) == {
        "rmse": 2.0,
        "mae": pytest.approx(8 / 6),
        "user_rmse": 2.0,
        "user_mae": pytest.approx((2 + 6 / 5) / 2),
        "squared_error": 24.0,
        "n_ratings": 6,
        "n_users": 2,
    }
    unequal = rating_metrics(np.array([9.0, 5.0]), *sums[1:])
    assert unequal["rmse"] == pytest.approx((14 / 6) ** 0.5)
    assert unequal["user_rmse"] == pytest.approx((3 + 1) / 2)


@pytest.mark.parametrize(
    ("squared_error", "squares", "clipped"),
    [([2.0, 6.6, 3.4], 0.6**2 + 0.6**2, False), ([1.0, 9.0, 2.0], 1 + 9 + 4, True)],
)
def test_the_interval_of_the_rmse_of_three_users_by_hand(squared_error, squares, clipped):
    # 12 in all over 6 ratings: 2, from which the users' sums differ by squares in all.
    low, high = rmse_interval(np.array(squared_error), np.array([1, 3, 2]))
    # The quantile of Student's t with two degrees of freedom has a closed form.
    t = (2 * 0.975 - 1) * (2 / (4 * 0.975 * 0.025)) ** 0.5
    room = t * (3 / 2 * squares) ** 0.5 / 6
    assert (room > 2) == clipped
    assert low == pytest.approx(0.0 if clipped else (2 - room) ** 0.5)
    assert high == pytest.approx((2 + room) ** 0.5)


def test_the_interval_of_the_rmse_covers_the_true_value_at_its_nominal_rate():
    generator = np.random.default_rng(3)
    n_ratings = generator.integers(1, 30, size=(800, 60))
    scale = generator.gamma(4, 1 / 4, size=n_ratings.shape)  # mean 1, so the true RMSE is 1
    squared = scale * generator.chisquare(n_ratings)
    ends = np.array([rmse_interval(s, n) for s, n in zip(squared, n_ratings, strict=True)])
    share = ((ends[:, 0] <= 1) & (ends[:, 1] >= 1)).mean()
    assert 0.92 < share < 0.97


def test_the_interval_of_the_rmse_needs_two_users():
    assert np.isnan(rmse_interval(np.array([4.0]), np.array([4]))).all()
    low, high = rmse_interval(np.array([4.0, 8.0]), np.array([4, 8]))
    assert low == high == 1


SHAPE = (20, 30)


@pytest.fixture(scope="module")
def scored():
    """A model and ratings of 3/4 of the pairs, drawn from its predictive distribution."""
    random = stream(1, "intervals")
    user_rows = random.normal(0, 0.5, (6, SHAPE[0], 3)).astype(np.float32)
    item_rows = random.normal(0, 0.5, (6, SHAPE[1], 3)).astype(np.float32)
    noise = random.uniform(0.2, 2.0, SHAPE[0]).astype(np.float32)
    rows = (user_rows, item_rows, noise, np.zeros(SHAPE[1], dtype=np.float32))
    model = BayesianFactorModel(*SHAPE, (-99.0, 99.0), 3.0, *rows, NORMAL_WIDTHS)
    users, items = np.nonzero(random.random(SHAPE) < 0.75)
    deviation = model.deviation(users, items)
    ratings = model.predict(users, items) + deviation * random.standard_normal(len(users))
    return model, observed(users, items, ratings, SHAPE)


def test_sums_equal_direct_sums_over_each_users_ratings_whatever_the_blocks(scored):
    model, test = scored
    sums, in_blocks = interval_sums(model, test), interval_sums(model, test, pairs_per_block=7)
    for name, values in sums.items():
        np.testing.assert_allclose(in_blocks[name], values, atol=1e-9)
    for number, level in enumerate(LEVELS):
        low, high = model.intervals(test.users, test.items, level)
        within = (low <= test.ratings) & (test.ratings <= high)
        expected = np.bincount(test.users, within, minlength=SHAPE[0])
        np.testing.assert_array_equal(sums[WITHIN[number]], expected)
        widths = np.bincount(test.users, high - low, minlength=SHAPE[0])
        np.testing.assert_allclose(sums[WIDTHS[number]], widths)
        assert sums[WITHIN[number]].sum() / len(test) == pytest.approx(level, abs=0.06)


def test_the_columns_name_their_levels():
    assert WITHIN == ("within_50", "within_80", "within_90", "within_95")
    assert WIDTHS == ("width_50", "width_80", "width_90", "width_95")


@pytest.mark.parametrize("mean", [3.0, 9999.9, -9999.9])
def test_a_rating_at_a_bound_is_inside_the_interval(scored, mean):
    model, test = scored
    model = replace(model, global_mean=mean, rating_range=(-2e4, 2e4))
    low, high = model.intervals(test.users, test.items, LEVELS[0])
    for ends in (low, high):
        met = observed(test.users, test.items, ends, SHAPE)
        assert interval_sums(model, met)[WITHIN[0]].sum() == len(test)


@dataclass(frozen=True)
class UntimedModel:
    """Predicts one rating, or the time if it is given; intervals reach as far as their level."""

    rating: float = 3.0
    kind: ClassVar[str] = "clock"
    predicts_ratings: ClassVar[bool] = True
    n_users: int = 2
    n_items: int = 3
    rating_range: tuple[float, float] = (0.0, 99.0)

    def predict(self, users, _, seconds=None):
        return np.full(len(users), self.rating) if seconds is None else seconds.astype(np.float64)

    def intervals(self, users, items, level, seconds=None):
        middle, half = self.predict(users, items, seconds), np.array(level)[:, None]
        return middle - half, middle + half

    deviation = score_pairs = score_users = save = predict


@dataclass(frozen=True)
class ClockModel(UntimedModel):
    times: None = None


@pytest.mark.parametrize("pairs_per_block", [1, 2, 9])
def test_models_of_time_predict_each_rating_at_its_own_time(pairs_per_block):
    ratings, times = [3.0, 0.5, 8.0], [3, 1, 7]
    timed = observed([0, 0, 1], [0, 2, 1], ratings, (2, 3), times)
    without = replace(timed, times=None)
    cases = (
        (ClockModel(), timed, [0.0, 0.5, -1.0], [2, 0]),
        (ClockModel(), without, [0.0, 2.5, -5.0], [1, 0]),
        (UntimedModel(), timed, [0.0, 2.5, -5.0], [1, 0]),
    )
    for model, part, errors, within in cases:
        assert prediction_errors(model, part, pairs_per_block).tolist() == errors
        sums = interval_sums(model, part, pairs_per_block)
        assert [sums[name].tolist() for name in WITHIN] == 4 * [within]
        widths = [sums[name] for name in WIDTHS]
        np.testing.assert_allclose(widths, np.outer(LEVELS, [4, 2]))


@pytest.mark.parametrize("rating", [-0.5, 0.5])
def test_a_rating_of_0_at_the_end_of_an_interval_is_inside(rating):
    at_zero = observed([0, 1], [0, 1], [0.0, 0.0], (2, 3))
    assert interval_sums(UntimedModel(rating), at_zero)["within_50"].tolist() == [1, 1]
