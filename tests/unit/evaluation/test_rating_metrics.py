from dataclasses import replace

import numpy as np
import pytest

from blendmf.common.random_streams import stream
from blendmf.evaluation.rating_metrics import (
    LEVELS,
    WIDTHS,
    WITHIN,
    interval_sums,
    prediction_errors,
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


def test_nan_predictions_are_refused():
    broken = FactorModel(2, 2, (1.0, 5.0), 3.0, item_bias=np.full(2, np.nan, dtype=np.float32))
    with pytest.raises(ValueError, match="predicted ratings of the factor-model model"):
        prediction_errors(broken, TEST)


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


@pytest.mark.parametrize("mean", [3.0, 9999.9])
def test_a_rating_at_a_bound_is_inside_the_interval(scored, mean):
    model, test = scored
    model = replace(model, global_mean=mean, rating_range=(-99.0, 2e4))
    low, high = model.intervals(test.users, test.items, LEVELS[0])
    for ends in (low, high):
        met = observed(test.users, test.items, ends, SHAPE)
        assert interval_sums(model, met)[WITHIN[0]].sum() == len(test)
