import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendmf.models import rating_times
from blendmf.models.rating_times import FAR, LATEST, RatingTimes, time_order
from ratings import observed

N_USERS = 5
MOMENTS = st.lists(st.tuples(st.integers(0, N_USERS - 1), st.integers(0, 9)), max_size=30)
ASKED = st.lists(st.tuples(st.integers(-1, N_USERS), st.integers(-2, 11)), max_size=12)


def rated(moments):
    """Training ratings at (user, second) pairs."""
    users, seconds = np.array(sorted(moments, key=lambda m: m[0])).reshape(-1, 2).T
    return observed(users, users, users, (N_USERS, N_USERS), seconds)


def times_of(moments):
    train = rated(moments)
    return RatingTimes.of(train) or RatingTimes.none(N_USERS), train


@given(MOMENTS)
def test_ratings_are_sorted_by_user_and_time(moments):
    train = rated(moments)
    order = time_order(train)
    assert sorted(order) == list(range(len(train)))
    assert list(zip(train.users[order], train.times[order], strict=True)) == sorted(moments)


@given(MOMENTS, ASKED)
def test_a_position_is_the_share_of_older_ratings(moments, asked):
    times, train = times_of(moments)
    users, seconds = np.array(asked, dtype=np.int64).reshape(-1, 2).T
    for user, second, position in zip(users, seconds, times.positions(users, seconds), strict=True):
        own = train.times[train.users == user] if len(times.seconds) else np.zeros(0)
        share = np.mean(own < second) + np.mean(own == second) / 2 if len(own) else 0.5
        np.testing.assert_allclose(position, share - 0.5, atol=1e-6)


@given(MOMENTS, ASKED)
def test_the_nearest_rating_is_one_of_the_same_user(moments, asked):
    times, train = times_of(moments)
    users, seconds = np.array(asked, dtype=np.int64).reshape(-1, 2).T
    for user, second, index, distance in zip(
        users, seconds, *times.nearest(users, seconds), strict=True
    ):
        own = train.times[train.users == user] if len(times.seconds) else np.zeros(0)
        if not len(own):
            assert (index, distance) == (0, FAR)
            continue
        assert distance == np.abs(own - second).min()
        assert times.indptr[user] <= index < times.indptr[user + 1]
        assert abs(times.seconds[index] - second) == distance


def test_groups_end_at_longer_gaps_and_at_the_next_user():
    moments = [(0, 0), (0, 10), (0, 30), (2, 30), (2, 31), (3, 500)]
    times, _ = times_of(moments)
    assert times.groups(10).tolist() == [0, 0, 1, 2, 2, 3]
    assert times.groups(20).tolist() == [0, 0, 0, 1, 1, 2]


def test_the_block_size_does_not_matter(monkeypatch):
    random = np.random.default_rng(1)
    users = np.sort(random.integers(9, size=200))
    train = observed(users, users, users, (9, 9), random.integers(20, size=200))
    asked = random.integers(9, size=50), random.integers(20, size=50)

    def all_of():
        times = RatingTimes.of(train)
        return [time_order(train), times.positions(*asked), *times.nearest(*asked)]

    whole = all_of()
    monkeypatch.setattr(rating_times, "RATINGS_PER_BLOCK", 7)
    for one, other in zip(whole, all_of(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_times_beyond_all_calendars_do_not_overflow():
    late = [-(2**62), 0, 5, 2**62]
    train = observed([0, 0, 0, 1], [0] * 4, [1] * 4, (2, 1), late)
    times = RatingTimes.of(train)
    np.testing.assert_allclose(times.positions([0, 0, 1], [-LATEST, 5, 2**61]), [-1 / 3, 1 / 3, 0])
    np.testing.assert_allclose(times.positions([-1, 2], [5, 5], 0.25), 0.25)


def test_unsorted_users_are_refused():
    with pytest.raises(ValueError, match="not sorted by user"):
        time_order(observed([1, 0], [0, 0], [1, 1], (2, 1), [1, 2]))


@pytest.mark.parametrize("seconds", [None, [7, 7, 7]])
def test_times_that_say_nothing_are_unknown(seconds):
    assert RatingTimes.of(observed([0, 1, 1], [0] * 3, [1] * 3, (2, 1), seconds)) is None


def test_users_can_be_appended_and_times_stored():
    times, _ = times_of([(0, 3), (0, 9), (4, 1)])
    both = times.with_users(RatingTimes.none(1)).with_users(times)
    stored = RatingTimes.of_arrays(both.arrays("t."), "t.")
    for one in (both, stored):
        assert one.n_users == 2 * N_USERS + 1
        assert one.nearest([6, 10, 5, 0], [4, 4, 4, 4])[0].tolist() == [3, 5, 0, 0]
    assert RatingTimes.of_arrays({}, "t.") is None
