"""Observed ratings of one part, as positions in the index, and the unit in which models train."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from blendmf.common.files import PathLike, read_arrays, read_sparse

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


@dataclass(frozen=True, eq=False)
class Observations:
    """Observed ratings of one part.

    Attributes
    ----------
    users, items : ndarray of int32, of shape (n,)
        Row and column of each rating.
    ratings : ndarray of float32, of shape (n,)
    shape : (n_users, n_items)
        Numbers of users and items, the same for every part.
    times : ndarray of int64, of shape (n,), optional
        Seconds since 1970.
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    ratings: NDArray[np.float32]
    shape: tuple[int, int]
    times: NDArray[np.int64] | None = None

    @classmethod
    def from_matrix(
        cls, matrix: sp.csr_array, times: NDArray[np.int64] | None = None
    ) -> "Observations":
        """Observations of a CSR matrix in row order; an explicit zero is a rating of zero.

        Parameters
        ----------
        matrix : csr_array of shape (n_users, n_items)
        times : ndarray of int64, of shape (n,), optional
            Time of each rating, in the order of ``matrix.data``.
        """
        users = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
        return cls(
            users,
            matrix.indices.astype(np.int32, copy=False),
            matrix.data.astype(np.float32, copy=False),
            (int(matrix.shape[0]), int(matrix.shape[1])),
            times,
        )

    @classmethod
    def of_file(cls, path: PathLike, times: PathLike | None = None) -> "Observations":
        """Read a part's matrix file, with the times of that part in the file `times`, if given."""
        part = Path(path).stem
        return cls.from_matrix(
            read_sparse(path), read_arrays(times, [part])[part] if times else None
        )

    def joined(self, other: "Observations") -> "Observations":
        """These observations and others of other pairs, sorted by user, then item."""
        users, items = np.append(self.users, other.users), np.append(self.items, other.items)
        order = np.lexsort((items, users))
        times = None
        if self.times is not None and other.times is not None:
            times = np.append(self.times, other.times)[order]
        ratings = np.append(self.ratings, other.ratings)[order]
        return Observations(users[order], items[order], ratings, self.shape, times)

    def where(self, chosen: NDArray[np.bool_]) -> "Observations":
        """Observations selected by a mask of shape (n,)."""
        times = None if self.times is None else self.times[chosen]
        arrays = (self.users[chosen], self.items[chosen], self.ratings[chosen])
        return Observations(*arrays, self.shape, times)

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
