import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendmf.data.matrices import matrices
from blendmf.evaluation.bins import user_history, years_of
from blendmf.models.observations import Observations

ITEMS = pd.DataFrame({"item_id": ["b", "a", "c"], "title": "t", "year": 1990, "genres": None})
TIMES = [
    "1999-12-31T23:59:59",
    "2000-01-01T00:00:00",
    "1969-12-31T23:59:59",
    "2016-02-29T12:00:00",
    "2024-07-01T00:00:00",
]
RATINGS = pd.DataFrame(
    {
        "user_id": [9, 2, 2, 5, 9],
        "item_id": ["a", "c", "a", "b", "c"],
        "rating": np.array([1, 2, 3, 4, 5], dtype=np.float32),
        "timestamp": pd.to_datetime(TIMES).as_unit("s").astype("int64"),
    }
)


def built(test):
    made = matrices(test[:0], test[:0], test, ITEMS)
    return Observations.from_matrix(made.test, made.times["test"])


@given(st.permutations(range(5)))
def test_years_are_in_matrix_order_for_any_order_of_the_table(order):
    test = built(RATINGS.iloc[list(order)])
    assert test.ratings.tolist() == [3, 2, 4, 1, 5]
    assert years_of(test).tolist() == [1969, 2000, 2016, 1999, 2024]


@pytest.mark.parametrize("timestamp", [0, 1_700_000_000_000])
def test_years_are_absent_without_timestamps_or_with_milliseconds(timestamp):
    assert years_of(built(RATINGS.assign(timestamp=timestamp))) is None


@pytest.mark.parametrize(
    ("n_train", "name"),
    [(0, "0"), (1, "1-10"), (10, "1-10"), (11, "11-20"), (500, "201-500"), (501, "501+")],
)
def test_users_are_in_the_bin_of_their_number_of_training_ratings(n_train, name):
    assert user_history(np.array([n_train])).tolist() == [name]
