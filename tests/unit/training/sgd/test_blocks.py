import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendmf.training.sgd.blocks import (
    FEWEST,
    MOST,
    Blocks,
    balanced_blocks,
    number_of_blocks,
    order_by_cell,
)
from ratings import observed


@pytest.fixture(scope="module")
def train():
    """Ratings whose users and items follow a power law."""
    random = np.random.default_rng(0)
    weights = [1 / np.arange(5, n + 5) for n in (500, 300)]
    users, items = (random.choice(len(w), 20_000, p=w / w.sum()) for w in weights)
    return observed(users, items, random.random(20_000), (500, 300))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=200), st.integers(1, 20))
def test_blocks_have_equal_numbers_of_rows_and_similar_numbers_of_ratings(counts, n_blocks):
    counts = np.array(counts)
    blocks = balanced_blocks(counts, n_blocks)
    assert np.ptp(np.bincount(blocks, minlength=n_blocks)) <= 1
    assert np.ptp(np.bincount(blocks, counts, minlength=n_blocks)) <= 2 * counts.max()


def test_blocks_of_power_law_ratings_have_similar_loads(train):
    blocks = Blocks.deal(train, 8, np.random.default_rng(1))
    cells = np.diff(blocks.starts.astype(np.int64)).reshape(8, 8)
    for load in (cells.sum(axis=0), cells.sum(axis=1)):
        assert load.max() < 1.2 * load.mean()


@pytest.mark.parametrize("n_blocks", [6, 7])
def test_each_rating_is_in_the_cell_of_its_user_block_and_item_block(train, n_blocks):
    blocks = Blocks.deal(train, n_blocks, np.random.default_rng(1))
    assert sorted(blocks.order) == list(range(len(train)))
    cells = np.repeat(np.arange(n_blocks**2), np.diff(blocks.starts.astype(np.int64)))
    for rows, positions, block_of_rating in (
        (blocks.user_rows, train.users, cells // n_blocks),
        (blocks.item_rows, train.items, cells % n_blocks),
    ):
        assert sorted(rows) == list(range(len(rows)))
        for block in range(n_blocks):
            own = set(rows[positions][blocks.order[block_of_rating == block]])
            assert len(own) <= max(own) - min(own) + 1 <= -(-len(rows) // n_blocks)


def test_the_random_stream_shuffles_ratings_within_their_cell(train):
    one, same, other = (Blocks.deal(train, 4, np.random.default_rng(s)).order for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).mean() > 0.9
    assert not (np.diff(one.astype(np.int64)) > 0).all()


def test_order_by_cell_is_stable():
    cells = np.array([2, 0, 2, 1, 0, 2], dtype=np.uint16)
    order, starts = order_by_cell(cells, 4)
    assert order.tolist() == [1, 4, 3, 0, 2, 5]
    assert starts.tolist() == [0, 2, 3, 6, 6]


@pytest.mark.parametrize(
    ("shape", "d", "expected"),
    [((610, 9724), 48, FEWEST), ((70_000, 10_000), 32, 27), ((10_000_000, 100_000), 64, MOST)],
)
def test_the_number_of_blocks_increases_with_the_parameters(shape, d, expected):
    assert number_of_blocks(shape, d) == expected
