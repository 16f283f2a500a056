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


def of_two_or_three(errors, users, items):
    groups = (np.array(numbers, dtype=np.int32) for numbers in (users, items))
    return mean_beyond_chance(np.array(errors), *groups)


def test_two_and_three_errors_by_hand():
    # Around 1.25 by 0.25: each sum of squares is 0.125, and double for two groups.
    assert of_two_or_three([1.0, 1.5], [0, 7], [3, 5]) == pytest.approx(1.25 - 0.375 / 1.25)
    assert of_two_or_three([1.0, 1.5], [7, 7], [3, 5]) == 0
    assert of_two_or_three([1.0, 1.5], [0, 7], [3, 3]) == 0
    # Around 1.4 by -0.4, -0.2, 0.6: -0.6 and 0.6 by user, -0.4 and 0.4 by item.
    users, items = [0, 0, 2], [1, 4, 4]
    chance = 4 * (2 * 0.72 + 2 * 0.32 - 0.56) / 9
    found = of_two_or_three([1.0, 1.2, 2.0], users, items)
    assert found == pytest.approx(1.4 - chance / 1.4)
    assert of_two_or_three([-1.0, -1.2, -2.0], users, items) == pytest.approx(-found)
    assert of_two_or_three([0.01, 0.012, 0.02], users, items) == pytest.approx(found / 100)


def test_a_small_mean_within_chance_is_no_offset_whatever_its_unit():
    for unit in (1.0, 0.05, 0.001):
        assert of_two_or_three([unit, -0.5 * unit], [0, 1], [0, 1]) == 0


def test_errors_that_cancel_within_users_and_items_count_singly():
    users, items = pairs(2, 2)
    assert of_two_or_three([6, 4, 4, 6], users, items) == pytest.approx(5 - 4 * 4 / 16 / 5)


def test_offsets_of_users_come_first_and_those_of_items_from_what_is_left():
    # Users 0 and 1 and items 2 and 3 have no training ratings; errors are their exact sums.
    users, items = pairs(4, 4)
    errors = 0.5 * (users < 2) - 0.25 * (items >= 2)
    part = observed(users, items, 3 + errors, (4, 4))
    cold = ColdRatings(part, np.array([0, 1]), np.array([2, 3]))
    by, of = users < 2, items >= 2
    of_users = mean_beyond_chance(errors[by], users[by], items[by])
    left = (errors - of_users * by)[of]
    of_items = mean_beyond_chance(left, users[of], items[of])
    assert of_users > 0.2
    assert of_items < -0.05
    found = cold.offsets(np.full(16, 3.0))
    assert found == pytest.approx((of_users, of_items))
    shifted = cold.shifted(np.full(16, 3.0), found)
    np.testing.assert_allclose(shifted, 3 + of_users * by + of_items * of)


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
