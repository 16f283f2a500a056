from dataclasses import replace

import numpy as np
import pytest

from blendmf.common.random_streams import stream
from blendmf.config.models import model_entry
from blendmf.models.drift import LAST_POSITION, predicted_position, user_slopes, without_drift
from blendmf.models.rating_times import RatingTimes
from blendmf.training.fit import fit_model
from ratings import observed

RANGE = (-100.0, 100.0)
N_USERS, N_ITEMS = 40, 1500
SECONDS = 1e8
"""Time from the first to the last position."""


@pytest.fixture(scope="module")
def drifting():
    """Training ratings at random positions, validation ratings at the end, and user slopes."""
    random = stream(1, "drifting")
    slopes = 1 + random.normal(0, 0.5, N_USERS)
    level = 3 + random.normal(0, 0.5, (N_USERS, 1)) + random.normal(0, 0.5, N_ITEMS)
    is_training = random.random(level.shape) < 0.8

    def part(chosen, at_end):
        users, items = np.nonzero(chosen)
        positions = random.uniform(-0.5, 0.5, len(users)) * (not at_end) + 0.5 * at_end
        noise = random.normal(0, 0.2, len(users))
        ratings = level[users, items] + slopes[users] * positions + noise
        return observed(users, items, ratings, level.shape, SECONDS * positions)

    return part(is_training, False), part(~is_training, True), slopes


def test_planted_slopes_are_recovered(drifting):
    train, _, slopes = drifting
    found = user_slopes(train, train.times / SECONDS, RANGE)
    np.testing.assert_allclose(found, slopes, atol=0.35)
    np.testing.assert_allclose(found.mean(), slopes.mean(), atol=0.1)


def test_slopes_of_users_with_few_ratings_are_shrunk_to_the_common_slope(drifting):
    train, _, _ = drifting
    thinned = train.where((train.users != 0) | (np.arange(len(train)) < 3))
    found = user_slopes(thinned, thinned.times / SECONDS, RANGE)
    assert abs(found[0] - found.mean()) < 0.1


def test_ratings_are_moved_to_their_level_at_the_end(drifting):
    train, validation, slopes = drifting
    moved = without_drift(train, validation, RANGE)
    expected = train.ratings + slopes[train.users] * (0.5 - train.times / SECONDS)
    np.testing.assert_allclose(moved.ratings, expected, atol=0.4)
    np.testing.assert_array_equal(moved.items, train.items)


@pytest.mark.parametrize("times", [None, np.zeros])
def test_ratings_are_unchanged_without_times(drifting, times):
    train, validation, _ = drifting
    timeless = replace(train, times=times and times(len(train), dtype=np.int64))
    assert without_drift(timeless, validation, RANGE) is timeless


def test_the_predicted_position_is_the_mean_of_the_validation_part(drifting):
    train, validation, _ = drifting
    times = RatingTimes.of(train)
    assert predicted_position(times, validation) == 0.5
    middle = replace(validation, times=np.zeros(len(validation), dtype=np.int64))
    assert predicted_position(times, middle) == pytest.approx(0.0, abs=0.01)
    assert predicted_position(times, replace(validation, times=None)) == LAST_POSITION
    assert predicted_position(None, validation) == LAST_POSITION


@pytest.mark.parametrize("optimiser", ["sgd", "als"])
def test_removing_drift_improves_every_optimiser(drifting, optimiser):
    def rmse(drift):
        training = {"optimiser": optimiser, "latent_dim": 2, "drift": drift}
        entry = model_entry({"kind": "mf", "training": training})
        given = {"rating_range": RANGE, "seed": 1, "name": ("test",)}
        return fit_model(entry, *drifting[:2], None, **given).validation_rmse

    assert rmse(True) < rmse(False) - 0.2
