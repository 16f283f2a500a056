"""Observed ratings of one part, as positions in the index of users and items."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from blendmf.common.files import PathLike, read_sparse

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Observations:
    """Observed ratings of one part.

    Attributes
    ----------
    users, items : ndarray of int32, of shape (n,)
        Row and column of each rating.
    ratings : ndarray of float32, of shape (n,)
    shape : (n_users, n_items)
        Numbers of users and items, the same for every part.
    places : ndarray of float32, of shape (n,), optional
        Position of each rating in its user's order (`blendmf.data.rating_order.places`).
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    ratings: NDArray[np.float32]
    shape: tuple[int, int]
    places: NDArray[np.float32] | None = None

    @classmethod
    def from_matrix(
        cls, matrix: sp.csr_array, places: sp.csr_array | None = None
    ) -> "Observations":
        """Observations of a CSR matrix in row order; an explicit zero is a rating of zero.

        Parameters
        ----------
        matrix : csr_array of shape (n_users, n_items)
        places : csr_array of shape (n_users, n_items), optional
            Position of each rating, with the same sparsity.
        """
        users = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
        return cls(
            users,
            matrix.indices.astype(np.int32, copy=False),
            matrix.data.astype(np.float32, copy=False),
            (int(matrix.shape[0]), int(matrix.shape[1])),
            None if places is None else places.data.astype(np.float32, copy=False),
        )

    @classmethod
    def of_files(
        cls, train: PathLike, validation: PathLike, places: Sequence[PathLike] = ()
    ) -> "tuple[Observations, Observations]":
        """Read the two parts from matrix files, with rating-order files for both parts or none."""
        parts = [read_sparse(path) for path in (train, validation)]
        placed = [read_sparse(path) for path in places] or [None, None]
        return cls.from_matrix(parts[0], placed[0]), cls.from_matrix(parts[1], placed[1])

    def where(self, chosen: NDArray[np.bool_]) -> "Observations":
        """Observations selected by a mask of shape (n,)."""
        places = None if self.places is None else self.places[chosen]
        arrays = (self.users[chosen], self.items[chosen], self.ratings[chosen])
        return Observations(*arrays, self.shape, places)

    def to_matrix(self) -> sp.csr_array:
        """CSR matrix of shape (n_users, n_items)."""
        return sp.csr_array((self.ratings, (self.users, self.items)), shape=self.shape)

    def __len__(self) -> int:
        return len(self.ratings)


def known_positions(given: ArrayLike, size: int) -> tuple[Positions, NDArray[np.bool_]]:
    """Positions that are safe to index with, and a mask of known positions, each of shape (n,).

    Parameters
    ----------
    given : int or array of int, of shape (n,)
        Positions; a negative one or one past the end is unknown and becomes 0.
    size : int
        Size of the index.
    """
    positions = np.atleast_1d(np.asarray(given, dtype=np.int64))
    known = (positions >= 0) & (positions < size)
    return np.where(known, positions, 0), known
