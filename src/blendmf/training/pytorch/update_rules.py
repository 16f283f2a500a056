"""Order of the ratings and step rule of each PyTorch optimiser."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.pytorch.batch import Batch, Ratings, Tables
from blendmf.training.sgd.blocks import Blocks, number_of_blocks

SMALLEST_SCALE = 1e-12
"""Value of s_u at which it is multiplied into v_u, far above the smallest float32."""

POSITIONS_PER_CELL = 2**23
"""Resolution of a position within a cell; `blocks.MOST` rounds of cells fit into 31 bits."""


class DampedSgd:
    """Mini-batch SGD, damped so that a batch approximates the steps of its ratings one by one.

    The order is that of the block engine with the same seed and blocks, on every device: an epoch
    has B rounds of B cells without common users or items. The cells of a round are
    processed together, the ratings of each in their order and spread evenly over the round, so
    that a batch has ratings from all cells and few of any one user or item. The host sends 2 B
    numbers per epoch, the order of the blocks.

    Attributes
    ----------
    ratings : Ratings
        The training ratings on the device, cell by cell.
    """

    def __init__(
        self,
        tables: Tables,
        train: Observations,
        settings: TrainingSettings,
        random: np.random.Generator,
    ) -> None:
        n_blocks = settings.blocks or number_of_blocks(train.shape, settings.latent_dim)
        blocks = Blocks.deal(train, n_blocks, random)
        order = blocks.order
        arranged = Observations(
            train.users[order], train.items[order], train.ratings[order], train.shape
        )
        self.ratings = Ratings.on_device(arranged, tables.scale.dtype, tables.scale.device)
        self._tables, self._random, self._n_blocks = tables, random, n_blocks
        self._learning_rate = torch.zeros_like(tables.scale[0])
        self._most_ratings = int(np.bincount(train.users).max())
        starts = blocks.starts.astype(np.int64)
        lengths = np.diff(starts)
        cells = np.repeat(np.arange(len(lengths)), lengths)
        positions = np.arange(len(cells)) - starts[cells]

        def on_device(array: NDArray[np.int64]) -> Tensor:
            return torch.tensor(array, dtype=torch.int32, device=tables.scale.device)

        self._user_blocks = on_device(cells // n_blocks)
        self._item_blocks = on_device(cells % n_blocks)
        self._positions = on_device(positions * POSITIONS_PER_CELL // lengths[cells])

    def start_epoch(self, learning_rate: float) -> Tensor:
        """Draw the order of the blocks; return the order of the ratings, of shape (n,)."""
        self._learning_rate.fill_(learning_rate)
        self._done, self._fold_interval = 0, self._ratings_per_fold(learning_rate)
        user_turns, item_turns = (
            torch.from_numpy(np.argsort(self._random.permutation(self._n_blocks))) for _ in range(2)
        )
        # Item block item_order[(t + r) % B] meets user block user_order[t] in round r.
        turns = item_turns.to(self._positions)[self._item_blocks]
        turns -= user_turns.to(self._positions)[self._user_blocks]
        rounds = turns.remainder(self._n_blocks)
        return torch.sort(rounds * POSITIONS_PER_CELL + self._positions, stable=True).indices

    def update(self, batch: Batch) -> None:
        """Take one damped step."""
        batch.move(self._learning_rate)
        before, self._done = self._done, self._done + len(batch)
        if self._done // self._fold_interval > before // self._fold_interval:
            self._tables.fold_scale()

    def end_epoch(self) -> None:
        """Make v_u equal w_u."""
        self._tables.fold_scale()

    def _ratings_per_fold(self, learning_rate: float) -> int:
        """Ratings after which s_u of the user with most ratings reaches about `SMALLEST_SCALE`."""
        penalty = self._tables.penalties["user_content"]
        shrinks = -self._most_ratings * math.log1p(-learning_rate * penalty)
        folds = math.ceil(shrinks / -math.log(SMALLEST_SCALE))
        return math.ceil(len(self.ratings.values) / max(folds, 1))


class DenseDescent:
    """Adam or gradient descent; every step moves all parameters.

    ``adam`` (Kingma and Ba, 2015) takes one step per mini-batch along its mean gradient, in a new
    random order in each epoch.

    ``gd`` takes one step per epoch along the gradient over all ratings. A short step is equivalent
    to an epoch of SGD at the same learning rate. However, a row with n ratings moves n steps at
    once, so the learning rate has to stay below about 2 / n of the user or item with most
    ratings, which takes many epochs (hundreds at 7e-4 on 70,000 ratings).

    Attributes
    ----------
    ratings : Ratings
        The training ratings on the device.
    """

    def __init__(
        self,
        tables: Tables,
        train: Observations,
        settings: TrainingSettings,
        random: np.random.Generator,
    ) -> None:
        self.ratings = Ratings.on_device(train, tables.scale.dtype, tables.scale.device)
        self._random = random
        self._gradients = {n: torch.zeros_like(table) for n, table in tables.terms.items()}
        for name, table in tables.terms.items():
            table.grad = self._gradients[name]
        self._adam = settings.optimiser == "adam"
        optimiser = torch.optim.Adam if self._adam else torch.optim.SGD
        self._optimiser = optimiser(tables.terms.values(), lr=1.0, fused=self._adam)
        # A step along zero gradients allocates Adam's moments, so that no later step allocates.
        self._optimiser.step()
        for state in self._optimiser.state.values():
            state["step"].zero_()

    def start_epoch(self, learning_rate: float) -> Tensor:
        """Set the learning rate; return the order of the ratings, of shape (n,)."""
        self._optimiser.param_groups[0]["lr"] = learning_rate
        n = len(self.ratings.values)
        return torch.from_numpy(self._random.permutation(n) if self._adam else np.arange(n))

    def update(self, batch: Batch) -> None:
        """Add the gradient of the batch; with Adam, take a step."""
        batch.add_gradients(self._gradients, 1 / len(batch) if self._adam else 1.0)
        if self._adam:
            self._step()

    def end_epoch(self) -> None:
        """With gradient descent, take a step."""
        if not self._adam:
            self._step()

    def _step(self) -> None:
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=False)
