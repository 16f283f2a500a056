import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from blendmf.data.matrices import matrices
from blendmf.data.rating_order import Moments, places, places_among


def moments(pairs):
    users, times = zip(*pairs, strict=True) if pairs else ((), ())
    return Moments(np.array(users, dtype=np.int32), np.array(times, dtype=np.int64))


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 6)), max_size=10),
)
def test_a_position_is_the_share_of_older_ratings(trained, other):
    train = moments(trained)
    for of in (moments(other), train):
        for user, time, place in zip(*of, places_among(of, train), strict=True):
            times = train.times[train.users == user]
            share = (np.mean(times < time) + np.mean(times == time) / 2) if len(times) else 0.5
            np.testing.assert_allclose(place, share - 0.5, atol=1e-6)


def test_the_block_size_does_not_change_the_positions(monkeypatch):
    random = np.random.default_rng(1)
    train, of = (
        Moments(random.integers(9, size=n).astype(np.int32), random.integers(20, size=n))
        for n in (200, 50)
    )
    whole = places_among(of, train)
    monkeypatch.setattr("blendmf.data.rating_order.RATINGS_PER_BLOCK", 60)
    np.testing.assert_array_equal(places_among(of, train), whole)


def test_positions_are_stored_in_the_layout_of_the_ratings():
    columns = ["user_id", "item_id", "rating", "timestamp"]
    train = pd.DataFrame([("b", 1, 3, 20), ("a", 2, 4, 10), ("b", 3, 5, 10)], columns=columns)
    validation = pd.DataFrame([("b", 2, 1, 15), ("a", 3, 2, 30)], columns=columns)
    items = pd.DataFrame({"item_id": [1, 2, 3], "title": "", "year": 0, "genres": [[]] * 3})
    built = matrices(train, validation, validation[:0], items)
    placed = places(train, validation, built.users, built.items)
    for part in ("train", "validation"):
        ratings, of_part = getattr(built, part), getattr(placed, part)
        np.testing.assert_array_equal(of_part.indices, ratings.indices)
        np.testing.assert_array_equal(of_part.indptr, ratings.indptr)
    # User a's only rating, then user b's ratings of items 1 and 3.
    np.testing.assert_allclose(placed.train.data, [0, 0.25, -0.25])
    np.testing.assert_allclose(placed.validation.data, [0.5, 0])
