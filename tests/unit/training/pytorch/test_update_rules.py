import numpy as np

from blendmf.training.pytorch.engine import TorchEngine
from blendmf.training.sgd.blocks import Blocks
from dense_reference import SETTINGS, VARIANTS, problem


class GivenOrder:
    """A generator whose permutations are given."""

    def __init__(self, orders):
        self.orders = list(orders)

    def permutation(self, n):
        order = self.orders.pop(0)
        assert len(order) == n
        return order


def test_an_epoch_of_sgd_has_the_rounds_of_the_block_engine():
    parameters, train, content = problem(VARIANTS["mf"], n_ratings=30)
    blocks = Blocks.deal(train, 3, np.random.default_rng(1))
    settings = SETTINGS.__class__(device="cpu", blocks=3)
    random = np.random.default_rng(1)
    rule = TorchEngine(parameters, train, content, settings, (0.5, 5.0), random)._rule
    np.testing.assert_array_equal(rule.train.ratings, train.ratings[blocks.order])
    lengths = np.diff(blocks.starts.astype(int))
    cells = np.repeat(np.arange(9), lengths)
    user_order, item_order = np.array([2, 0, 1]), np.array([1, 0, 2])
    rule._random = GivenOrder([user_order, item_order])
    order = rule.start_epoch(0.1).numpy()
    first = 0
    for round_ in range(3):
        together = user_order * 3 + np.roll(item_order, -round_)
        last = first + lengths[together].sum()
        assert set(cells[order[first:last]]) == set(together[lengths[together] > 0])
        first = last
    assert sorted(order) == list(range(30))
    for cell in range(9):
        assert (np.diff(order[cells[order] == cell]) > 0).all()
