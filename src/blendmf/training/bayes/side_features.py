"""Side information of users or items, in orthogonal coordinates that make sampling cheap."""

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from blendmf.training.bayes.sparse_products import product

Rows = NDArray[np.float64]
Floats = NDArray[np.float32]

MAX_DIRECTIONS = 256
"""Maximum number of singular directions of the features; the strongest are kept."""

MAX_RATER_DIRECTIONS = 128
"""The same for the features of `raters`; more directions did not help."""

MORE_DIRECTIONS, ITERATIONS = 16, 2
"""Additional directions, and iterations, of the search for the strongest directions."""

SPARSE_COST = 12
"""Cost of a product with an element of a sparse matrix, relative to one of a dense matrix."""

SMALLEST_SHARE = 1e-6
"""Share of the largest squared singular value below which a direction is rounding error."""


@dataclass(frozen=True, eq=False)
class SideInformation:
    """Features F of users or of items, in r directions V in which they vary most.

    The columns of the design F V are orthogonal, so each coefficient of a linear map from the
    design to the rows is drawn independently.

    Attributes
    ----------
    squares : ndarray of shape (r,)
        Squared lengths of the columns of the design.
    directions : ndarray of shape (k, r)
        V, with orthonormal columns.
    design : ndarray of float32, of shape (n, r)
        F V.
    features : csr_array of float32, of shape (n, k), or None
        F, if products with F and V are cheaper than with the design.
    strength : float or None
        Prior precision of the coefficients relative to the rows'; None if it is sampled.
    """

    squares: NDArray[np.float64]
    directions: Rows
    design: Floats
    features: sp.csr_array | None = None
    strength: float | None = None

    @classmethod
    def constant(cls, values: NDArray[np.float64]) -> "SideInformation":
        """A single feature, of shape (n,); with constant values it is an intercept."""
        design = values.astype(np.float32)[:, None]
        return cls(np.array([values @ values]), np.ones((1, 1)), design, strength=2.0)

    @classmethod
    def of_features(
        cls,
        features: sp.csr_array | Rows,
        random: np.random.Generator,
        most: int = MAX_DIRECTIONS,
        threads: int = 1,
    ) -> "SideInformation":
        """The strongest directions of features of shape (n, k), by subspace iteration.

        All directions are found, exactly, if there are at most `most` of them.

        Parameters
        ----------
        features : csr_array or ndarray
        random : Generator
            Used if the features have more than `most` + `MORE_DIRECTIONS` columns.
        most : int
            Maximum number of directions.
        threads : int
            Number of threads; does not affect the result.

        References
        ----------
        N. Halko, P. G. Martinsson and J. A. Tropp, "Finding structure with randomness", SIAM Review
        53 (2011), algorithm 4.4.
        """
        F = sp.csr_array(features, dtype=np.float32)
        n, k = F.shape
        size = min(n, k, most + MORE_DIRECTIONS)
        if size == k:
            basis, design = np.eye(k, dtype=np.float32), F.toarray()
        else:
            transposed = sp.csr_array(F.T)
            design = product(F, random.standard_normal((k, size)).astype(np.float32), threads)
            for _ in range(ITERATIONS):
                basis = _orthonormal(product(transposed, _orthonormal(design), threads))
                design = product(F, basis, threads)
        squares, vectors = _principal_axes(design)
        vectors = vectors[:, :most].astype(np.float32)
        directions, design = basis @ vectors, design @ vectors
        is_cheaper = SPARSE_COST * F.nnz + directions.size < design.size
        kept = F if is_cheaper else None
        return cls(squares[:most], directions.astype(np.float64), design, kept)

    @property
    def n_directions(self) -> int:
        """Number of directions r."""
        return len(self.squares)

    def sums(self, rows: Floats) -> Rows:
        """Transposed design times rows of shape (n, width), of shape (r, width)."""
        if self.features is None:
            return (self.design.T @ rows).astype(np.float64)
        sums: Rows = self.directions.T @ (self.features.T @ rows)
        return sums

    def mapped(self, coefficients: Rows) -> Floats:
        """Design times coefficients of shape (r, width), of shape (n, width)."""
        if self.features is None:
            return self.design @ coefficients.astype(np.float32)
        mapped: Floats = self.features @ (self.directions @ coefficients).astype(np.float32)
        return mapped

    def mapped_of(self, features: sp.csr_array, coefficients: Rows) -> Rows:
        """Features of shape (m, k), times V W for coefficients W of shape (r, width)."""
        mapped: Rows = features @ (self.directions @ coefficients)
        return mapped


def _orthonormal(columns: Floats) -> Floats:
    """Orthonormal basis of the space of the columns, without directions of rounding errors."""
    squares, vectors = _principal_axes(columns)
    return columns @ (vectors / np.sqrt(squares)).astype(np.float32)


def _principal_axes(columns: Floats) -> tuple[NDArray[np.float64], Rows]:
    """Positive eigenvalues of the Gram matrix of the columns, in descending order, and vectors."""
    squares, vectors = np.linalg.eigh((columns.T @ columns).astype(np.float64))
    squares, vectors = squares[::-1], vectors[:, ::-1]
    kept = squares > SMALLEST_SHARE * squares.max(initial=0.0)
    return squares[kept], vectors[:, kept]


def raters(rated: sp.csr_array) -> sp.csr_array:
    """Which users rated an item, or which items a user rated: TF-IDF rows of length 1.

    A column with many ratings says little about each row; its weight is ln((1 + n) / (1 + count)).

    Parameters
    ----------
    rated : csr_array of shape (n, m)
        The stored elements are the ratings; their values do not matter.

    Returns
    -------
    csr_array of float32, of shape (n, m)
        A row without ratings stays empty.
    """
    weights = rater_weights(rated).astype(np.float32)[rated.indices]
    counts = np.diff(rated.indptr)
    of_row = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    lengths = np.sqrt(np.bincount(of_row, weights * weights, minlength=len(counts)))
    weights /= np.where(lengths > 0, lengths, 1.0).astype(np.float32)[of_row]
    return sp.csr_array((weights, rated.indices, rated.indptr), shape=rated.shape)


def rater_weights(rated: sp.csr_array) -> NDArray[np.float64]:
    """Weight of each column of `raters`, of shape (m,); 0 for a column without ratings."""
    per_column = np.bincount(rated.indices, minlength=rated.shape[1])
    weights = np.log((1 + rated.shape[0]) / (1 + per_column))
    return np.where(per_column > 0, weights, 0.0)


def activity(n_ratings: ArrayLike) -> Rows:
    """Standardised logarithm of the number of ratings, and its square minus 1, of shape (n, 2)."""
    logarithm = np.log1p(np.asarray(n_ratings, dtype=np.float64))
    deviation = float(logarithm.std())
    if math.isclose(deviation, 0.0, abs_tol=1e-12):
        return np.zeros((len(logarithm), 2))
    standard = (logarithm - logarithm.mean()) / deviation
    return np.column_stack([standard, standard**2 - 1])
