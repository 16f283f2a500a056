"""The users or the items that have ratings, with their ratings in the order of the rows."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.models.observations import Observations
from blendmf.training.kernels.compiled import row_tasks

Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RatedRows:
    """The rows of one side that have ratings ("this side"; the others are "the other side").

    Attributes
    ----------
    n : int
        Number of all rows, with and without ratings.
    positions, without : ndarray of int64
        Positions of the rows with and without ratings.
    indptr : ndarray of int64
        Rated row k has the ratings ``indptr[k]`` to ``indptr[k + 1] - 1``.
    others : ndarray of int32, of shape (n_ratings,)
        Index of each rating's row among the rated rows of the other side.
    chosen : ndarray of int32 or int64, of shape (n_ratings,)
        Position of each rating in the training part.
    """

    n: int
    positions: Positions
    without: Positions
    indptr: Positions
    others: NDArray[np.int32]
    chosen: NDArray[np.integer]

    @property
    def counts(self) -> Positions:
        """Number of ratings of each rated row."""
        return np.diff(self.indptr)

    def tasks(self) -> list[tuple[int, int]]:
        """Ranges of rows for parallel work (`blendmf.training.kernels.compiled.row_tasks`)."""
        return row_tasks(self.indptr)

    def pattern(self) -> sp.csr_array:
        """Which of the other side's rated rows each rated row has a rating of: ones."""
        ones = np.ones(len(self.others), dtype=np.float32)
        n_others = int(self.others.max(initial=-1)) + 1
        return sp.csr_array((ones, self.others, self.indptr), shape=(len(self.positions), n_others))


def rated_rows(train: Observations, order: Positions | None = None) -> tuple[RatedRows, RatedRows]:
    """The users and the items with ratings.

    Parameters
    ----------
    train : Observations
    order : ndarray of int64, of shape (n_ratings,), optional
        Indices of the ratings sorted by user, as the users' ratings are to be ordered. Otherwise
        they are ordered by item, as the items' are by user.
    """
    kind = np.int32 if len(train) < 2**31 else np.int64
    by_user = sp.csr_array(
        (np.arange(len(train), dtype=kind), (train.users, train.items)), train.shape
    )
    by_item = sp.csr_array(by_user.T)
    if order is not None:
        by_user.data, by_user.indices = order.astype(kind), train.items[order]
    users, items = (np.flatnonzero(np.diff(matrix.indptr)) for matrix in (by_user, by_item))
    return _of(by_user, users, items), _of(by_item, items, users)


def _of(matrix: sp.csr_array, rated: Positions, other_rated: Positions) -> RatedRows:
    n, n_others = matrix.shape
    index = np.zeros(n_others, dtype=np.int32)
    index[other_rated] = np.arange(len(other_rated))
    counts = np.diff(matrix.indptr)
    indptr = np.concatenate([[0], np.cumsum(counts[rated], dtype=np.int64)])
    without = np.flatnonzero(counts == 0)
    return RatedRows(n, rated, without, indptr, index[matrix.indices], matrix.data)
