import numpy as np

from blendmf.training.bayes.rated_rows import rated_rows
from ratings import observed


def test_both_sides_have_every_rating_once_in_the_order_of_their_rows():
    users, items = np.array([3, 0, 3, 1, 0]), np.array([4, 1, 1, 4, 2])
    ratings = np.arange(5.0)
    train = observed(users, items, ratings, (5, 6))
    of_users, of_items = rated_rows(train)
    np.testing.assert_array_equal(of_users.positions, [0, 1, 3])
    np.testing.assert_array_equal(of_users.without, [2, 4])
    np.testing.assert_array_equal(of_users.counts, [2, 1, 2])
    np.testing.assert_array_equal(of_items.positions, [1, 2, 4])
    for rows, other_rows, own, others in (
        (of_users, of_items, users, items),
        (of_items, of_users, items, users),
    ):
        place = np.repeat(rows.positions, rows.counts)
        np.testing.assert_array_equal(own[rows.chosen], place)
        np.testing.assert_array_equal(others[rows.chosen], other_rows.positions[rows.others])
        pattern = rows.pattern()
        assert pattern.shape == (3, 3)
        assert pattern.nnz == 5


def test_without_ratings_nobody_is_rated():
    of_users, of_items = rated_rows(observed([], [], [], (2, 3)))
    assert of_users.without.tolist() == [0, 1]
    assert len(of_items.positions) == len(of_items.others) == 0
