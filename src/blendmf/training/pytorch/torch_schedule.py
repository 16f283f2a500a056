"""The order in which the torch engine learns the ratings: that of the block engine."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from blendmf.training.sgd.blocks import Blocks

PLACES = 2**23
"""Steps of a cell that a place in it is counted in; `blocks.MOST` rounds of them fit 31 bits."""


class Schedule:
    """Draws the order of an epoch on a device; it does not depend on which.

    An epoch of the block engine (`blendmf.training.sgd.block_sgd`) has B rounds, each of B
    cells of the grid, which touch no user and no item in common. So it does not matter to any
    user or item in which order a round's cells are gone through. Here they are gone through side
    by side, the ratings of each cell in their order and spread evenly over the round, so that the
    ratings of a batch come from all cells and few of them from one user or item.

    What goes to the device for an epoch is the order of the blocks, 2 B numbers.

    Parameters
    ----------
    blocks : Blocks
    device : torch.device
    """

    def __init__(self, blocks: Blocks, device: torch.device) -> None:
        self._n_blocks = blocks.n_blocks
        starts = blocks.starts.astype(np.int64)
        lengths = starts[1:] - starts[:-1]
        cells = np.repeat(np.arange(len(lengths)), lengths)
        places = np.arange(len(cells)) - starts[cells]
        spread = places * PLACES // lengths[cells]

        def on_device(array: NDArray[np.int64]) -> Tensor:
            return torch.tensor(array, dtype=torch.int32, device=device)

        self._user_blocks = on_device(cells // blocks.n_blocks)
        self._item_blocks = on_device(cells % blocks.n_blocks)
        self._spread = on_device(spread)

    def draw(self, random: np.random.Generator) -> Tensor:
        """Order of an epoch, as positions in ``blocks.order``, of shape (n_ratings,)."""
        user_turns, item_turns = (
            torch.from_numpy(np.argsort(random.permutation(self._n_blocks))).to(self._spread)
            for _ in range(2)
        )
        # Item block item_order[(t + r) % B] meets user block user_order[t] in round r.
        turns = item_turns[self._item_blocks] - user_turns[self._user_blocks]
        rounds = turns.remainder(self._n_blocks)
        return torch.sort(rounds * PLACES + self._spread, stable=True).indices
