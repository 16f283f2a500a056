import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from blendmf.evaluation.rating_metrics import prediction_errors, rating_metrics
from blendmf.models.baselines import PopularityModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.observations import Observations


def random_observations(n_users=20, n_items=15, n=120, seed=3):
    generator = np.random.default_rng(seed)
    pairs = np.sort(generator.choice(n_users * n_items, size=n, replace=False))
    users, items = np.divmod(pairs, n_items)
    ratings = generator.integers(1, 6, size=n).astype(np.float32)
    shape = (n_users, n_items)
    return Observations(users.astype(np.int32), items.astype(np.int32), ratings, shape)


def item_bias_model(seed=4, n_users=20, n_items=15):
    bias = np.random.default_rng(seed).normal(size=n_items).astype(np.float32)
    return FactorModel(n_users, n_items, (1.0, 5.0), 3.0, item_bias=bias)


def test_errors_of_two_users_computed_by_hand():
    metrics = rating_metrics(np.array([4.0, 1.0]), np.array([2.0, 1.0]), np.array([2, 1]))
    assert metrics == {
        "rmse": pytest.approx(np.sqrt(5 / 3)),
        "mae": pytest.approx(1.0),
        "user_rmse": pytest.approx((np.sqrt(2) + 1) / 2),
        "user_mae": pytest.approx(1.0),
        "n_ratings": 3,
        "n_users": 2,
    }


def test_pooled_errors_agree_with_scikit_learn():
    test, model = random_observations(), item_bias_model()
    errors = prediction_errors(model, test)
    users = np.unique(test.users)
    metrics = rating_metrics(
        np.bincount(test.users, errors**2)[users],
        np.bincount(test.users, np.abs(errors))[users],
        np.bincount(test.users)[users],
    )
    predicted = model.predict(test.users, test.items)
    assert metrics["rmse"] == pytest.approx(root_mean_squared_error(test.ratings, predicted))
    assert metrics["mae"] == pytest.approx(mean_absolute_error(test.ratings, predicted))


@pytest.mark.parametrize("pairs_per_block", [1, 7, 10**6])
def test_errors_do_not_depend_on_the_block_size(pairs_per_block):
    test, model = random_observations(), item_bias_model()
    expected = model.predict(test.users, test.items) - test.ratings
    errors = prediction_errors(model, test, pairs_per_block)
    np.testing.assert_array_equal(errors, expected)


def test_predictions_are_clipped_to_the_rating_range():
    test = Observations(
        np.zeros(1, np.int32), np.zeros(1, np.int32), np.ones(1, np.float32), (1, 1)
    )
    model = FactorModel(1, 1, (1.0, 5.0), 3.0, item_bias=np.array([40.0], dtype=np.float32))
    assert prediction_errors(model, test) == pytest.approx([4.0])


def test_a_model_that_predicts_no_ratings_has_no_errors():
    test = random_observations()
    assert np.isnan(prediction_errors(PopularityModel.fit(test), test)).all()


def test_a_prediction_that_is_no_number_is_refused():
    test = random_observations()
    bias = np.full(15, np.nan, dtype=np.float32)
    with pytest.raises(ValueError, match="predicted ratings of the factor-model model"):
        prediction_errors(FactorModel(20, 15, (1.0, 5.0), 3.0, item_bias=bias), test)
