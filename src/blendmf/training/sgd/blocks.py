"""Dealing users and items into blocks, so that ratings of disjoint blocks can be learned at once.

Users and items are each dealt into B blocks of nearly the same number of ratings. The ratings then
fall into a grid of B x B cells, and cells that share neither their row nor their column of the
grid touch no parameter in common (R. Gemulla et al., "Large-Scale Matrix Factorization with
Distributed Stochastic Gradient Descent", KDD 2011). B hangs on the data alone, never on the
number of threads, and so does the result.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blendmf.models.observations import Observations
from blendmf.training.kernels.compiled import compiled
from blendmf.training.kernels.vector_rows import padded_width

FEWEST, MOST = 16, 256
"""Enough blocks for many threads; no more cells than 16 bits can number."""

BLOCK_BYTES = 384 * 1024
"""Parameters of a user block and an item block together, about half of a core's second cache."""


def number_of_blocks(shape: tuple[int, int], d: int) -> int:
    """B for (n_users, n_items) and d factors."""
    parameter_bytes = sum(shape) * padded_width(d) * np.dtype(np.float32).itemsize
    return min(MOST, max(FEWEST, math.ceil(parameter_bytes / BLOCK_BYTES)))


@dataclass(frozen=True)
class Blocks:
    """Who is in which block, and where the ratings of each cell of the grid lie.

    Attributes
    ----------
    n_blocks : int
        B.
    user_rows, item_rows : ndarray of int64, of shape (n_users,) and (n_items,)
        Row of each user's and each item's parameters; those of a block lie together.
    order : ndarray of uint32, of shape (n_ratings,)
        Ratings cell by cell, shuffled within each.
    starts : ndarray of uint64, of shape (B * B + 1,)
        The ratings of user block j and item block k are ``order[starts[c]:starts[c + 1]]`` with
        c = j B + k.
    """

    n_blocks: int
    user_rows: NDArray[np.int64]
    item_rows: NDArray[np.int64]
    order: NDArray[np.uint32]
    starts: NDArray[np.uint64]

    @classmethod
    def deal(cls, train: Observations, n_blocks: int, random: np.random.Generator) -> "Blocks":
        """Deal users and items into `n_blocks` blocks each, and shuffle each cell's ratings."""
        n_users, n_items = train.shape
        user_blocks = balanced_blocks(np.bincount(train.users, minlength=n_users), n_blocks)
        item_blocks = balanced_blocks(np.bincount(train.items, minlength=n_items), n_blocks)
        cells = user_blocks[train.users]
        cells *= n_blocks
        cells += item_blocks[train.items]
        order, starts = order_by_cell(cells, n_blocks * n_blocks)
        for first, last in pairwise(starts):
            random.shuffle(order[first:last])
        return cls(n_blocks, rows_of(user_blocks), rows_of(item_blocks), order, starts)


def balanced_blocks(counts: NDArray[np.int64], n_blocks: int) -> NDArray[np.uint16]:
    """Block of each user or item, so that all blocks have nearly the same number of ratings.

    Dealt like cards in order of falling counts, each round in the other direction.

    Parameters
    ----------
    counts : ndarray of shape (n,)
        Ratings of each user or item.
    """
    turn = np.arange(len(counts)) % (2 * n_blocks)
    blocks = np.empty(len(counts), dtype=np.uint16)
    blocks[np.argsort(-counts, kind="stable")] = np.minimum(turn, 2 * n_blocks - 1 - turn)
    return blocks


def rows_of(blocks: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Row of each user or item when those of a block lie together, of shape (n,)."""
    rows = np.empty(len(blocks), dtype=np.int64)
    rows[np.argsort(blocks, kind="stable")] = np.arange(len(blocks))
    return rows


def order_by_cell(
    cells: NDArray[np.uint16], n_cells: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
    """Ratings sorted by their cell, and where each cell starts, of shape (n_cells + 1,)."""
    starts = np.zeros(n_cells + 1, dtype=np.uint64)
    starts[1:] = np.cumsum(np.bincount(cells, minlength=n_cells))
    return compiled(_counting_sort)(cells, starts), starts


def _counting_sort(cells: Any, starts: Any) -> Any:
    order = np.empty(len(cells), dtype=np.uint32)
    free = starts.copy()
    for n in range(len(cells)):
        order[free[cells[n]]] = n
        free[cells[n]] += np.uint64(1)
    return order
