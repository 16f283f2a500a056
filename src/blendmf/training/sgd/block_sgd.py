"""Parallel per-rating SGD, the same to the last bit for any number of threads."""

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.kernels.compiled import compiled
from blendmf.training.kernels.vector_rows import lanes_of, padded_width
from blendmf.training.parameters import Parameters
from blendmf.training.sgd.blocks import Blocks, number_of_blocks
from blendmf.training.sgd.packed_parameters import PackedParameters
from blendmf.training.sgd.sgd_kernels import (
    AHEAD,
    NOTHING,
    PIECE,
    run_cells,
    run_cells_and_merges,
    sum_squared_errors,
)
from blendmf.training.sgd.word_copies import WordCopies

PAUSE = 2e-5
"""Seconds before a thread asks again for a task that waits for another thread."""

BEYOND_ALL_TASKS = 1 << 62
"""Number that no task of an epoch has, however many blocks there are."""

ENOUGH_TO_MERGE = 500_000
"""Ratings from which on several threads teach the words' factors."""


class BlockSgdEngine:
    """Per-rating SGD on a grid of user and item blocks, cells without a common block side by side.

    Each epoch goes through all cells in an order drawn anew. The order decides which of two cells
    that share a block comes first, and so the result; which thread learns a cell, and when, does
    not.

    The factors of the words, V, belong to no block. With many ratings every user block teaches a
    copy, and the copies are merged B times per epoch (`sgd_kernels.merge_copies`). With few, where
    an epoch takes milliseconds, one thread goes through the cells one after the other.

    Attributes
    ----------
    n_blocks : int
        B.
    threads : int
        Threads that do the work.
    """

    def __init__(
        self,
        parameters: Parameters,
        train: Observations,
        content: sp.csr_array,
        settings: TrainingSettings,
        rating_range: tuple[float, float],
        random: np.random.Generator,
        threads: int = 1,
    ) -> None:
        self._settings = settings
        self._random = random
        d = settings.latent_dim
        self.n_blocks = settings.blocks or number_of_blocks(train.shape, d)
        self._blocks = Blocks.deal(train, self.n_blocks, random)
        self._packed = self._kept = PackedParameters.pack(parameters, self._blocks)
        self._type = self._packed.scale.dtype.type
        self._range = tuple(self._type(bound) for bound in rating_range)
        items = np.argsort(self._blocks.item_rows)
        self._content = sp.csr_array(content, dtype=self._type)[items]
        self._csr = (
            self._content.indptr.astype(np.uint32),
            self._content.indices.astype(np.uint32),
            self._content.data,
        )
        self._lanes = lanes_of(d)
        self._variant = (*self._packed.variant, padded_width(d))
        self._train = train
        self._train_arrays = self._arrays(train, self._blocks.order)
        self._other_parts: dict[int, tuple[Observations, tuple[NDArray[Any], ...]]] = {}
        self._copies = self._word_copies()
        self._item_vectors: NDArray[Any] | None = None
        one_by_one = self._packed.content_factors is not None and self._copies is None
        self.threads = 1 if one_by_one else threads
        self._load_kernels()

    def run_epoch(self, learning_rate: float) -> None:
        """Go once through all training ratings, cell by cell."""
        self._item_vectors = None
        user_order, item_order = (self._random.permutation(self.n_blocks) for _ in range(2))
        self._in_threads(self._epoch(learning_rate, user_order, item_order, held_back=NOTHING))

    def rmse(self, part: Observations) -> float:
        """RMSE of the current parameters, predictions clipped to the rating range."""
        if part is self._train:
            arrays = self._train_arrays
        else:
            _, arrays = self._other_parts.setdefault(id(part), (part, self._arrays(part)))
        sums = np.zeros(-(-len(part) // PIECE))
        self._in_threads(self._errors(sums, len(part), arrays))
        return math.sqrt(sums.sum() / len(part))

    def squared_norms(self) -> dict[str, float]:
        """Sum of the squares of all entries of each term."""
        return self._packed.squared_norms()

    def keep(self) -> None:
        """Remember the current parameters."""
        self._kept = self._packed.copy()

    def kept(self) -> Parameters:
        """Copy of the parameters that were kept last."""
        return self._kept.unpack(self._blocks, self._settings.latent_dim)

    def parameters(self) -> Parameters:
        """Copy of the current parameters."""
        return self._packed.unpack(self._blocks, self._settings.latent_dim)

    def _epoch(
        self,
        learning_rate: float,
        user_order: NDArray[np.int64],
        item_order: NDArray[np.int64],
        held_back: int,
    ) -> Callable[[], None]:
        """What each thread does in an epoch, beginning with task `held_back`."""
        p, s = self._packed, self._settings
        keep = (1 - learning_rate * penalty for penalty in s.penalties)
        step = tuple(self._type(x) for x in (learning_rate, *keep, s.error_clip))
        counters = np.zeros(3, dtype=np.int64)
        shared = (
            *(user_order, item_order, self._blocks.starts, *self._train_arrays),
            *(self._type(p.global_mean), p.user_bias, p.item_bias),
            *(p.user_factors, p.item_factors, p.content_factors),
            *(p.user_content, p.scale, self._csr, self._lanes, step),
        )
        if self._copies is None:
            progress = np.zeros(2 * self.n_blocks, dtype=np.int64)
            return self._tasks(run_cells, held_back, counters, progress, *shared)
        c = self._copies
        assert p.user_factors is not None
        shrinkage = c.shrinkage(p.user_factors, learning_rate, s.penalty_of_term["content_factors"])
        return self._tasks(
            run_cells_and_merges, held_back, counters, c.copies, c.taught, shrinkage, *shared
        )

    def _tasks(
        self, kernel: Callable[..., int], held_back: int, *arguments: Any
    ) -> Callable[[], None]:
        run = compiled(kernel, *self._variant)

        def work() -> None:
            waiting = run(held_back, *arguments)
            while waiting != NOTHING:
                time.sleep(PAUSE)
                waiting = run(waiting, *arguments)

        return work

    def _errors(
        self, sums: NDArray[np.float64], n: int, arrays: tuple[NDArray[Any], ...]
    ) -> Callable[[], None]:
        """What each thread does to fill `sums`."""
        p = self._packed
        if self._item_vectors is None:
            self._item_vectors = p.item_vectors(self._content)
        run = compiled(sum_squared_errors, *self._variant)
        arguments = (
            *(np.zeros(3, dtype=np.int64), sums, n, *arrays),
            *(self._type(p.global_mean), p.user_bias, p.item_bias),
            *(p.user_factors, self._item_vectors),
            *(p.user_content, p.scale, self._csr, *self._range, self._lanes),
        )
        return lambda: run(*arguments)

    def _in_threads(self, work: Callable[[], None]) -> None:
        if self.threads == 1:
            work()
            return
        with ThreadPoolExecutor(self.threads) as pool:
            for finished in [pool.submit(work) for _ in range(self.threads)]:
                finished.result()

    def _load_kernels(self) -> None:
        """Have the kernels of this variant loaded or compiled, by calls that find nothing to do."""
        order = np.arange(self.n_blocks)
        self._epoch(0.0, order, order, held_back=BEYOND_ALL_TASKS)()
        self._errors(np.zeros(0), 0, self._train_arrays)()

    def _arrays(
        self, part: Observations, order: NDArray[np.uint32] | slice = slice(None)
    ) -> tuple[NDArray[Any], ...]:
        """Rows of users and of items, and the ratings, in the given order; AHEAD are added."""
        blocks = self._blocks

        def lengthened(values: NDArray[Any], dtype: Any) -> NDArray[Any]:
            array = np.zeros(len(values) + AHEAD, dtype=dtype)
            array[: len(values)] = values
            return array

        return (
            lengthened(blocks.user_rows.astype(np.uint32)[part.users[order]], np.uint32),
            lengthened(blocks.item_rows.astype(np.uint32)[part.items[order]], np.uint32),
            lengthened(part.ratings[order], self._type),
        )

    def _word_copies(self) -> WordCopies | None:
        V = self._packed.content_factors
        if V is None or self.n_blocks == 1 or len(self._train) < ENOUGH_TO_MERGE:
            return None
        users, items, _ = (array[: len(self._train)] for array in self._train_arrays)
        n_users, n_items = self._train.shape
        counts = np.bincount(users, minlength=n_users), np.bincount(items, minlength=n_items)
        return WordCopies.of(V, self.n_blocks, self._content, counts)
