import numpy as np
import pytest

from blendmf.evaluation.rating_metrics import prediction_errors, rmse_interval
from blendmf.models.baselines import PopularityModel
from blendmf.models.factor_model import FactorModel
from small_evaluation import observations

TEST = observations([(0, 0, 1.0), (0, 1, 4.0), (1, 0, 2.0)], (2, 2))


def model_with_item_bias(value):
    return FactorModel(2, 2, (1.0, 5.0), 3.0, item_bias=np.full(2, value, dtype=np.float32))


def test_predictions_are_clipped_to_the_rating_range():
    assert prediction_errors(model_with_item_bias(40.0), TEST) == pytest.approx([4.0, 1.0, 3.0])


def test_a_model_that_predicts_no_ratings_has_no_errors():
    assert np.isnan(prediction_errors(PopularityModel.fit(TEST), TEST)).all()


def test_a_prediction_of_nan_is_refused():
    with pytest.raises(ValueError, match="predicted ratings of the factor-model model"):
        prediction_errors(model_with_item_bias(np.nan), TEST)


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
