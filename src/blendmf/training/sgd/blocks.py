"""Blocks of users and items whose ratings can be processed in parallel.

Users and items are each divided into B blocks with nearly equal numbers of ratings. The ratings
then form a grid of B x B cells, and cells in different rows and columns of the grid have no
parameters in common (R. Gemulla et al., "Large-Scale Matrix Factorization with Distributed
Stochastic Gradient Descent", KDD 2011). B depends on the data only, not on the number of threads,
and so does the result.
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
"""Bounds of B: enough blocks for many threads, and cells that 16 bits can number."""

BLOCK_BYTES = 384 * 1024
"""Size of the parameters of a user block and an item block, about half of a core's L2 cache."""


def number_of_blocks(shape: tuple[int, int], d: int) -> int:
    """B for (n_users, n_items) and d factors."""
    parameter_bytes = sum(shape) * padded_width(d) * np.dtype(np.float32).itemsize
    return min(MOST, max(FEWEST, math.ceil(parameter_bytes / BLOCK_BYTES)))


@dataclass(frozen=True)
class Blocks:
    """Users and items by block, and ratings by cell of the grid.

    Attributes
    ----------
    n_blocks : int
        B.
    user_rows, item_rows : ndarray of int64, of shape (n_users,) and (n_items,)
        Row of each user's and each item's parameters; the rows of a block are adjacent.
    order : ndarray of uint32, of shape (n_ratings,)
        Positions of the ratings, cell by cell, shuffled within each cell.
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
        """Divide users and items into `n_blocks` blocks each and shuffle each cell's ratings."""
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
    """Block of each user or item, such that all blocks have nearly the same number of ratings.

    Rows are dealt in descending order of `counts`, alternating the direction in each round.

    Parameters
    ----------
    counts : ndarray of shape (n,)
        Number of ratings of each user or item.
    """
    turn = np.arange(len(counts)) % (2 * n_blocks)
    blocks = np.empty(len(counts), dtype=np.uint16)
    blocks[np.argsort(-counts, kind="stable")] = np.minimum(turn, 2 * n_blocks - 1 - turn)
    return blocks


def rows_of(blocks: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Row of each user or item, with the rows of a block adjacent, of shape (n,)."""
    rows = np.empty(len(blocks), dtype=np.int64)
    rows[np.argsort(blocks, kind="stable")] = np.arange(len(blocks))
    return rows


def order_by_cell(
    cells: NDArray[np.uint16], n_cells: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
    """Positions of the ratings by cell, and the start of each cell, of shape (n_cells + 1,)."""
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
