import numpy as np
import pandas as pd

from blendmf.data.matrices import matrices
from blendmf.models.observations import Observations

ITEMS = pd.DataFrame(
    {"item_id": ["c", "a", "b"], "title": ["C", "A", "B"], "year": [3, 1, 2], "genres": [[]] * 3}
)


def part(*rows):
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])
    return table.assign(timestamp=(100 * table["rating"]).astype("int64"))


def test_positions_follow_the_ids_and_content_rows_follow_the_items():
    built = matrices(
        part((7, "b", 4.0), (3, "a", 2.0)), part((3, "b", 1.0)), part((7, "a", 5.0)), ITEMS
    )
    assert list(built.users["user_id"]) == [3, 7]
    assert list(built.items["item_id"]) == ["a", "b"]
    assert list(built.items["title"]) == ["A", "B"]
    assert list(built.items["n_train"]) == [1, 1]
    np.testing.assert_array_equal(built.train.toarray(), [[2, 0], [0, 4]])
    np.testing.assert_array_equal(built.validation.toarray(), [[0, 1], [0, 0]])
    np.testing.assert_array_equal(built.test.toarray(), [[0, 0], [5, 0]])
    times = {part: of_part.tolist() for part, of_part in built.times.items()}
    assert times == {"train": [200, 400], "validation": [100], "test": [500]}


def test_an_item_rated_only_outside_training_has_a_column():
    built = matrices(part((1, "a", 4.0)), part((1, "b", 3.0)), part((1, "c", 2.0)), ITEMS)
    assert built.train.shape == (1, 3)
    assert list(built.items["n_train"]) == [1, 0, 0]


def test_a_rating_of_zero_is_stored():
    built = matrices(part((1, "a", 0.0), (1, "b", 2.0)), part((1, "c", 1.0)), part(), ITEMS)
    train = Observations.from_matrix(built.train)
    assert len(train) == 2
    assert sorted(train.ratings) == [0.0, 2.0]
    np.testing.assert_array_equal(train.to_matrix().toarray(), built.train.toarray())
