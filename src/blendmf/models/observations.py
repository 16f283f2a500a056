"""Observed ratings of one part, as positions in the index, and the unit in which models train."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from blendmf.common.files import PathLike, read_sparse

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class RatingUnit:
    """Conversion between ratings and standard units, z = (rating - mean) / deviation.

    Step lengths, penalties and priors apply to standardised ratings, so that they fit ratings
    from 1 to 5 as well as from 0 to 100.

    Attributes
    ----------
    mean, deviation : float
        Of the training ratings; the deviation is 1 if all of them are equal.
    """

    mean: float
    deviation: float

    @classmethod
    def of(cls, ratings: NDArray[np.floating]) -> "RatingUnit":
        """Unit of the training ratings, of shape (n,)."""
        exact = ratings.astype(np.float64)
        return cls(float(exact.mean()), float(exact.std()) or 1.0)

    def standardised(self, ratings: NDArray[np.floating]) -> NDArray[np.float64]:
        """Ratings in standard units, of the same shape."""
        return (ratings.astype(np.float64) - self.mean) / self.deviation

    @property
    def scales(self) -> dict[str, float]:
        """Factors that convert the terms of a factorisation from standard units to ratings.

        A product of two factors is in rating units, so that each has the root of the deviation.
        """
        root = float(np.sqrt(self.deviation))
        factors = dict.fromkeys(("user_factors", "item_factors", "content_factors"), root)
        biases = dict.fromkeys(("user_bias", "item_bias", "user_content"), self.deviation)
        return factors | biases


RATINGS_THEMSELVES = RatingUnit(0.0, 1.0)
"""The unit of ratings that are not standardised."""


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

    def standardised(self, unit: RatingUnit) -> "Observations":
        """The observations with ratings in standard units."""
        return replace(self, ratings=unit.standardised(self.ratings).astype(np.float32))

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
