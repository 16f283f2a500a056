"""Parallel per-rating SGD, bit-identical for any number of threads."""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.kernels.compiled import compiled, in_threads
from blendmf.training.kernels.vector_rows import lanes_of, padded_width
from blendmf.training.parameters import Parameters
from blendmf.training.sgd.blocks import Blocks, number_of_blocks
from blendmf.training.sgd.packed_parameters import PackedParameters, WordCopies
from blendmf.training.sgd.sgd_kernels import (
    AHEAD,
    NOTHING,
    PIECE,
    run_cells,
    run_cells_and_merges,
    sum_squared_errors,
)

PAUSE = 2e-5
"""Seconds before a thread retries a task that waits for another thread."""

BEYOND_ALL_TASKS = 1 << 62
"""A task number above that of any task."""

ENOUGH_TO_MERGE = 500_000
"""Smallest number of ratings for which several threads train the words' factors."""


class BlockSgdEngine:
    """Per-rating SGD on a grid of user and item blocks.

    Cells without a common block are processed in parallel, in a new random order in each epoch.
    The order determines which of two cells that share a block comes first, and thus the result;
    which thread processes a cell, and when, does not matter.

    The factors of the words, V, belong to no block. With many ratings every user block moves a copy
    of V, and the copies are merged B times per epoch (`sgd_kernels.merge_copies`). With few
    ratings, where an epoch takes milliseconds, one thread processes the cells one by one.

    Attributes
    ----------
    n_blocks : int
        B.
    threads : int
        Number of training threads.
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
        # A part is stored with its arrays, so that its id is not used again.
        self._parts = {id(train): (train, self._train_arrays)}
        self._copies = self._word_copies()
        self._item_vectors: NDArray[Any] | None = None
        one_by_one = self._packed.terms.content_factors is not None and self._copies is None
        self.threads = 1 if one_by_one else threads
        self._load_kernels()

    def run_epoch(self, learning_rate: float) -> None:
        """Process all training ratings once, cell by cell."""
        self._item_vectors = None
        user_order, item_order = (self._random.permutation(self.n_blocks) for _ in range(2))
        work = self._epoch(learning_rate, user_order, item_order, held_back=NOTHING)
        in_threads([work] * self.threads, self.threads)

    def rmse(self, part: Observations) -> float:
        """RMSE of the current parameters, predictions clipped to the rating range."""
        if id(part) not in self._parts:
            self._parts[id(part)] = part, self._arrays(part)
        _, arrays = self._parts[id(part)]
        sums = np.zeros(-(-len(part) // PIECE))
        in_threads([self._errors(sums, len(part), arrays)] * self.threads, self.threads)
        return math.sqrt(sums.sum() / len(part))

    def squared_norms(self) -> dict[str, float]:
        """Sum of the squares of all entries of each term."""
        return self._packed.squared_norms()

    def keep(self) -> None:
        """Store a copy of the current parameters."""
        self._kept = self._packed.copy()

    def kept(self) -> Parameters:
        """Copy of the parameters stored last."""
        return self._kept.unpack(self._blocks, self._settings.latent_dim)

    def _epoch(
        self,
        learning_rate: float,
        user_order: NDArray[np.int64],
        item_order: NDArray[np.int64],
        held_back: int,
    ) -> Callable[[], None]:
        """Function that each thread runs in an epoch, starting with task `held_back`."""
        p, s = self._packed.terms, self._settings
        keep = (1 - learning_rate * penalty for penalty in s.penalties)
        step = tuple(self._type(x) for x in (learning_rate, *keep, s.error_clip))
        counters = np.zeros(3, dtype=np.int64)
        shared = (
            *(user_order, item_order, self._blocks.starts, *self._train_arrays),
            *(self._type(p.global_mean), p.user_bias, p.item_bias),
            *(p.user_factors, p.item_factors, p.content_factors),
            *(p.user_content, self._packed.scale, self._csr, self._lanes, step),
        )
        arguments: tuple[Any, ...]
        if self._copies is None:
            kernel = compiled(run_cells, *self._variant)
            arguments = counters, np.zeros(2 * self.n_blocks, dtype=np.int64)
        else:
            assert p.user_factors is not None
            penalty = s.penalty_of_term["content_factors"]
            shrinkage = self._copies.shrinkage(p.user_factors, learning_rate, penalty)
            kernel = compiled(run_cells_and_merges, *self._variant)
            arguments = counters, self._copies.copies, self._copies.n_moves, shrinkage

        def work() -> None:
            waiting = kernel(held_back, *arguments, *shared)
            while waiting != NOTHING:
                time.sleep(PAUSE)
                waiting = kernel(waiting, *arguments, *shared)

        return work

    def _errors(
        self, sums: NDArray[np.float64], n: int, arrays: tuple[NDArray[Any], ...]
    ) -> Callable[[], None]:
        """Function that each thread runs to fill `sums`."""
        p = self._packed.terms
        if self._item_vectors is None:
            self._item_vectors = self._packed.item_vectors(self._content)
        kernel = compiled(sum_squared_errors, *self._variant)
        arguments = (
            *(np.zeros(3, dtype=np.int64), sums, n, *arrays),
            *(self._type(p.global_mean), p.user_bias, p.item_bias),
            *(p.user_factors, self._item_vectors),
            *(p.user_content, self._packed.scale, self._csr, *self._range, self._lanes),
        )
        return lambda: kernel(*arguments)

    def _load_kernels(self) -> None:
        """Load or compile the kernels by calls that find no task."""
        order = np.arange(self.n_blocks)
        self._epoch(0.0, order, order, held_back=BEYOND_ALL_TASKS)()
        self._errors(np.zeros(0), 0, self._train_arrays)()

    def _arrays(
        self, part: Observations, order: NDArray[np.uint32] | slice = slice(None)
    ) -> tuple[NDArray[Any], ...]:
        """User rows, item rows and ratings in the given order, with AHEAD zeros appended."""
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
        V = self._packed.terms.content_factors
        if V is None or self.n_blocks == 1 or len(self._train) < ENOUGH_TO_MERGE:
            return None
        users, items, _ = (array[: len(self._train)] for array in self._train_arrays)
        n_users, n_items = self._train.shape
        user_counts = np.bincount(users, minlength=n_users)
        item_counts = np.bincount(items, minlength=n_items)
        return WordCopies.of(V, self.n_blocks, self._content, user_counts, item_counts)
