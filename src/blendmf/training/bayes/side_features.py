"""Side information of users or items, in orthogonal coordinates that make sampling cheap."""

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh
from sklearn.utils.extmath import randomized_svd

Rows = NDArray[np.float64]

MAX_DIRECTIONS = 256
"""Maximum number of singular directions of the features; the strongest are kept."""

MAX_RATER_DIRECTIONS = 128
"""The same for the features of `raters`; more directions did not help."""

LARGEST_EXACT = 2048
"""Size of the largest Gram matrix that is decomposed exactly, which takes some seconds."""

SMALLEST_SHARE = 1e-6
"""Share of the largest squared singular value below which a direction is rounding error."""


@dataclass(frozen=True, eq=False)
class SideInformation:
    """Features F of users or of items, in the directions of their singular vectors.

    With F = U S V', a map from features to rows has r coefficients, one per column of V. The
    columns of the design U S are orthogonal, so each coefficient is drawn independently.

    Attributes
    ----------
    squares : ndarray of shape (r,)
        S^2, squared lengths of the columns of the design.
    features : csr_array of shape (n, k)
        F.
    directions : ndarray of shape (k, r)
        V.
    design : ndarray of shape (n, r), or None
        U S if n <= k; None otherwise.
    strength : float or None
        Prior precision of the coefficients relative to the rows'; None if it is sampled.
    """

    squares: NDArray[np.float64]
    features: sp.csr_array
    directions: Rows
    design: Rows | None = None
    strength: float | None = None

    @classmethod
    def constant(cls, values: NDArray[np.float64]) -> "SideInformation":
        """A single feature, of shape (n,); with constant values it is an intercept."""
        column = values[:, None]
        squares = np.array([values @ values])
        return cls(squares, sp.csr_array(column), np.ones((1, 1)), column, strength=2.0)

    @classmethod
    def of_features(
        cls, features: sp.csr_array | Rows, random: np.random.Generator, most: int = MAX_DIRECTIONS
    ) -> "SideInformation":
        """The strongest directions of features of shape (n, k).

        Parameters
        ----------
        features : csr_array or ndarray
        random : Generator
            Used if there are too many features for an exact decomposition.
        most : int
            Maximum number of directions.
        """
        matrix = sp.csr_array(features, dtype=np.float64)
        n, k = matrix.shape
        if min(n, k) > LARGEST_EXACT:
            state = int(random.integers(2**31))
            left, singular, right = randomized_svd(matrix, most, random_state=state)
            squares, vectors = singular**2, left if n <= k else right.T
        else:
            gram = (matrix @ matrix.T if n <= k else matrix.T @ matrix).toarray()
            strongest = (max(0, len(gram) - most), len(gram) - 1)
            squares, vectors = eigh(gram, subset_by_index=strongest)
            squares, vectors = squares[::-1], vectors[:, ::-1]
        kept = squares > SMALLEST_SHARE * max(squares[0], 0.0)
        squares, vectors = squares[kept], np.ascontiguousarray(vectors[:, kept])
        if n > k:
            return cls(squares, matrix, vectors)
        lengths = np.sqrt(squares)
        return cls(squares, matrix, matrix.T @ (vectors / lengths), design=vectors * lengths)

    def scaled(self, by: NDArray[np.float64], random: np.random.Generator) -> "SideInformation":
        """The same features with each row multiplied by its entry of `by`, of shape (n,)."""
        return SideInformation.of_features(sp.diags_array(by) @ self.features, random)

    @property
    def n_directions(self) -> int:
        """Number of directions r."""
        return len(self.squares)

    def mapped(self, coefficients: Rows) -> Rows:
        """U S W of shape (n, width), for coefficients W of shape (r, width)."""
        if self.design is not None:
            return self.design @ coefficients
        return self.mapped_of(self.features, coefficients)

    def mapped_of(self, features: sp.csr_array, coefficients: Rows) -> Rows:
        """`mapped` for other features of shape (m, k); returns shape (m, width)."""
        mapped: Rows = features @ (self.directions @ coefficients)
        return mapped

    def gathered(self, rows: Rows) -> Rows:
        """(U S)' X of shape (r, width), for rows X of shape (n, width)."""
        if self.design is not None:
            return self.design.T @ rows
        gathered: Rows = self.directions.T @ (self.features.T @ rows)
        return gathered


def raters(ratings: sp.csr_array) -> sp.csr_array:
    """Which users rated an item, or which items a user rated: TF-IDF rows of length 1.

    A column with many ratings says little about each row; its weight is ln((1 + n) / (1 + count)).

    Parameters
    ----------
    ratings : csr_array of shape (n, m)

    Returns
    -------
    csr_array of float64, of shape (n, m)
        A row without ratings stays empty.
    """
    rated = sp.csr_array(
        (np.ones(ratings.nnz), ratings.indices, ratings.indptr), shape=ratings.shape
    )
    weighted = rated @ sp.diags_array(rater_weights(ratings))
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return sp.csr_array(sp.diags_array(1 / np.where(lengths > 0, lengths, 1.0)) @ weighted)


def rater_weights(ratings: sp.csr_array) -> NDArray[np.float64]:
    """Weight of each column of `raters`, of shape (m,); 0 for a column without ratings."""
    per_column = np.bincount(ratings.indices, minlength=ratings.shape[1])
    weights = np.log((1 + ratings.shape[0]) / (1 + per_column))
    return np.where(per_column > 0, weights, 0.0)


def activity(n_ratings: ArrayLike) -> Rows:
    """Standardised logarithm of the number of ratings, and its square minus 1, of shape (n, 2)."""
    logarithm = np.log1p(np.asarray(n_ratings, dtype=np.float64))
    deviation = float(logarithm.std())
    if math.isclose(deviation, 0.0, abs_tol=1e-12):
        return np.zeros((len(logarithm), 2))
    standard = (logarithm - logarithm.mean()) / deviation
    return np.column_stack([standard, standard**2 - 1])
