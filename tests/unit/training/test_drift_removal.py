from dataclasses import replace

import numpy as np
import pytest

from blendmf.common.random_streams import stream
from blendmf.config.models import model_entry
from blendmf.models.drift import LAST_PLACE, predicted_place, user_slopes, without_drift
from blendmf.training.fit import fit_model
from ratings import observed

RANGE = (-100.0, 100.0)
N_USERS, N_ITEMS = 40, 1500


@pytest.fixture(scope="module")
def drifting():
    """Training ratings at random positions, validation ratings at the end, and user slopes."""
    random = stream(1, "drifting")
    slopes = 1 + random.normal(0, 0.5, N_USERS)
    level = 3 + random.normal(0, 0.5, (N_USERS, 1)) + random.normal(0, 0.5, N_ITEMS)
    is_training = random.random(level.shape) < 0.8

    def part(chosen, at_end):
        users, items = np.nonzero(chosen)
        places = random.uniform(-0.5, 0.5, len(users)) * (not at_end) + 0.5 * at_end
        ratings = level[users, items] + slopes[users] * places + random.normal(0, 0.2, len(users))
        return observed(users, items, ratings, level.shape, places)

    return part(is_training, False), part(~is_training, True), slopes


def test_planted_slopes_are_recovered(drifting):
    train, _, slopes = drifting
    found = user_slopes(train, train.places, RANGE)
    np.testing.assert_allclose(found, slopes, atol=0.35)
    np.testing.assert_allclose(found.mean(), slopes.mean(), atol=0.1)


def test_slopes_of_users_with_few_ratings_are_shrunk_to_the_common_slope(drifting):
    train, _, _ = drifting
    thinned = train.where((train.users != 0) | (np.arange(len(train)) < 3))
    found = user_slopes(thinned, thinned.places, RANGE)
    assert abs(found[0] - found.mean()) < 0.1


def test_ratings_are_moved_to_their_level_at_the_end(drifting):
    train, validation, slopes = drifting
    moved = without_drift(train, validation, RANGE)
    expected = train.ratings + slopes[train.users] * (0.5 - train.places)
    np.testing.assert_allclose(moved.ratings, expected, atol=0.4)
    np.testing.assert_array_equal(moved.items, train.items)


def test_ratings_are_unchanged_without_a_rating_order(drifting):
    train, validation, _ = drifting
    unplaced = replace(train, places=None)
    assert without_drift(unplaced, validation, RANGE) is unplaced


def test_the_predicted_position_is_the_mean_of_the_validation_part(drifting):
    validation = drifting[1]
    assert predicted_place(validation) == 0.5
    middle = replace(validation, places=np.zeros(len(validation), dtype=np.float32))
    assert predicted_place(middle) == 0.0
    assert predicted_place(replace(validation, places=None)) == LAST_PLACE


@pytest.mark.parametrize("optimiser", ["sgd", "als"])
def test_removing_drift_improves_every_optimiser(drifting, optimiser):
    def rmse(drift):
        training = {"optimiser": optimiser, "latent_dim": 2, "drift": drift}
        entry = model_entry({"kind": "mf", "training": training})
        given = {"rating_range": RANGE, "seed": 1, "name": ("test",)}
        return fit_model(entry, *drifting[:2], None, **given).validation_rmse

    assert rmse(True) < rmse(False) - 0.2
