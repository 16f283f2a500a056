import numpy as np
import pandas as pd

from blendmf.common.random_streams import sample
from blendmf.recommend.explorer_sample import choose_shown, rated_matrix, user_histories

N_RATINGS = np.array([3, 9, 9, 1, 9])


def test_small_data_are_shown_whole():
    shown = choose_shown(4, N_RATINGS, 4, 5, seed=1)
    assert shown.users.tolist() == [0, 1, 2, 3]
    assert shown.items.tolist() == [0, 1, 2, 3, 4]
    assert shown.how == ""


def test_a_sample_has_random_users_and_the_items_with_the_most_ratings():
    shown = choose_shown(2000, N_RATINGS, 7, 2, seed=1)
    assert shown.users.tolist() == sample(np.arange(2000), 7, 1, "explorer").tolist()
    assert shown.items.tolist() == [1, 2]
    assert shown.index_of_item.tolist() == [-1, 0, 1, -1, -1]
    assert shown.how.startswith("7 of 2,000 users are shown, drawn at random. The 2 items")
    assert choose_shown(2000, N_RATINGS, 7, 2, seed=2).users.tolist() != shown.users.tolist()


def part(rows):
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rating", "timestamp"])


PARTS = {
    "train": part([("b", 10, 4.0, 5), ("a", 30, 3.0, 9), ("b", 30, 2.0, 1), ("c", 10, 1.0, 0)]),
    "validation": part([("b", 20, 5.0, 5)]),
    "test": part([("b", 40, 1.0, 3), ("a", 10, 2.0, 2)]),
}


def test_histories_are_in_time_order_and_ties_by_part():
    table = user_histories(PARTS, pd.Index(["a", "b"]), pd.Index([10, 20, 30, 40]))
    assert table.to_numpy().tolist() == [
        [0, 0, 2, 2],
        [0, 2, 3, 0],
        [1, 2, 2, 0],
        [1, 3, 1, 2],
        [1, 0, 4, 0],
        [1, 1, 5, 1],
    ]
    matrix = rated_matrix(table, (2, 4)).toarray()
    assert matrix.tolist() == [[2, 0, 3, 0], [4, 5, 2, 1]]


def test_histories_without_times_keep_the_order_of_the_parts():
    parts = {name: table.assign(timestamp=0) for name, table in PARTS.items()}
    table = user_histories(parts, pd.Index(["b"]), pd.Index([10, 20, 30, 40]))
    assert table["item"].tolist() == [0, 2, 1, 3]
    assert table["part"].tolist() == [0, 0, 1, 2]


def test_a_rating_of_zero_is_a_rating():
    parts = {"train": part([("a", 10, 0.0, 1)])}
    table = user_histories(parts, pd.Index(["a"]), pd.Index([10]))
    assert rated_matrix(table, (1, 1)).nnz == 1
