import numpy as np
import pytest

from blendmf.models.baselines import PopularityModel, RandomModel, fit_bias, fit_global_mean
from ratings import observed

TRAIN = observed([0, 0, 1, 1, 2], [0, 1, 0, 2, 0], [5, 3, 4, 1, 2], (4, 4))


def test_global_mean_predicts_the_mean_for_every_user():
    model = fit_global_mean(TRAIN, (1, 5))
    np.testing.assert_allclose(model.predict([0, 3, -1], [0, 3, 9]), 3.0)


def test_bias_solves_its_ridge_equations():
    model = fit_bias(TRAIN, (1, 5), user_shrinkage=2.0, item_shrinkage=3.0, sweeps=200)
    left = TRAIN.ratings - 3.0 - model.user_bias[TRAIN.users] - model.item_bias[TRAIN.items]
    for u in range(4):
        assert left[TRAIN.users == u].sum() == pytest.approx(2.0 * model.user_bias[u], abs=1e-5)
    for i in range(4):
        assert left[TRAIN.items == i].sum() == pytest.approx(3.0 * model.item_bias[i], abs=1e-5)


def test_bias_without_shrinkage_leaves_the_unrated_at_zero():
    model = fit_bias(TRAIN, (1, 5), user_shrinkage=0, item_shrinkage=0)
    assert model.user_bias[3] == 0
    assert model.item_bias[3] == 0


def test_popularity_counts_training_ratings():
    model = PopularityModel.fit(TRAIN)
    np.testing.assert_array_equal(model.score_users([3])[0], [3, 1, 1, 0])
    np.testing.assert_array_equal(model.predict([0, 0], [0, 99]), [3, 0])


@pytest.mark.parametrize("seed", [7, 2**64 - 1])
def test_random_scores_have_the_moments_of_the_ratings(seed):
    fitted = RandomModel.fit(TRAIN, (1, 5), seed)
    assert (fitted.mean, fitted.deviation) == pytest.approx((3.0, np.sqrt(2.0)))
    model = RandomModel(1000, 1000, (-9, 9), mean=3.0, deviation=1.5, seed=seed)
    draws = model.score_users(np.arange(1000))
    assert draws.mean() == pytest.approx(3.0, abs=0.01)
    assert draws.std() == pytest.approx(1.5, abs=0.01)
    # Row and column means vary like means of 1000 independent draws.
    assert draws.mean(axis=0).std() == pytest.approx(1.5 / np.sqrt(1000), rel=0.1)
    assert draws.mean(axis=1).std() == pytest.approx(1.5 / np.sqrt(1000), rel=0.1)
