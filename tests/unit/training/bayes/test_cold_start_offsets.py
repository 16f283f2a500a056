import numpy as np
import pytest

from blendmf.common.random_streams import stream
from blendmf.training.bayes.cold_start_offsets import ColdRatings, mean_beyond_chance
from ratings import observed


def pairs(n_users, n_items):
    return np.divmod(np.arange(n_users * n_items, dtype=np.int32), np.int32(n_items))


def test_a_mean_is_shrunk_by_four_times_its_variance():
    users, items = pairs(2, 2)
    errors = np.array([1.0, 1.1, 1.2, 1.5])
    # Of 4 errors with mean 1.2: sums by user -0.3 and 0.3, by item -0.2 and 0.2, and 2 groups each.
    variance = (2 * 2 * 0.3**2 + 2 * 2 * 0.2**2 - (0.04 + 0.01 + 0 + 0.09)) / 16
    assert mean_beyond_chance(errors, users, items) == pytest.approx(1.2 - 4 * variance / 1.2)


def test_errors_of_a_single_user_or_item_give_no_offset():
    users, items = pairs(1, 500)
    assert mean_beyond_chance(np.ones(500), users, items) == 0
    assert mean_beyond_chance(np.ones(500), items, users) == 0
    assert mean_beyond_chance(np.ones(1), users[:1], items[:1]) == 0
    assert mean_beyond_chance(np.ones(0), users[:0], items[:0]) == 0


def test_noise_rarely_gives_an_offset_and_a_real_offset_is_found():
    users, items = pairs(40, 60)
    kept, found = [], []
    for seed in range(200):
        random = stream(seed, "errors")
        errors = random.normal(0, 0.5, 40)[users] + random.normal(0, 0.5, 60)[items]
        errors += random.standard_normal(len(users))
        kept.append(mean_beyond_chance(errors, users, items))
        found.append(mean_beyond_chance(errors - 1.0, users, items))
    assert np.count_nonzero(kept) < 0.1 * len(kept)
    assert np.mean(found) == pytest.approx(-1.0, abs=0.07)
    # Standard deviation of the means without shrinkage.
    assert np.sqrt(np.mean(np.square(kept))) < 0.4 * 0.5 * np.sqrt(1 / 40 + 1 / 60)


def test_offsets_apply_to_users_and_items_without_training_ratings():
    users, items = pairs(30, 30)
    new_user, new_item = users >= 20, items >= 15
    ratings = 3.0 + 0.5 * new_user - 0.25 * new_item
    part = observed(users, items, ratings, (30, 30))
    unrated = ColdRatings(part, np.arange(20, 30), np.arange(15, 30))
    before = 3.0 - 0.25 * (new_item & new_user)
    found = unrated.offsets(before)
    assert found == pytest.approx((0.5, -0.25 * 2 / 3), abs=0.03)
    moved = unrated.shifted(before, found)
    np.testing.assert_array_equal(moved[~new_user & ~new_item], 3.0)
    np.testing.assert_allclose(moved[new_user & ~new_item], 3.0 + found.of_users)
    nobody = ColdRatings(part, np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert nobody.offsets(before) == (0.0, 0.0)
