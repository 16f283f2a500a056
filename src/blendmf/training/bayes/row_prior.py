"""Prior of the parameter rows of all users or of all items, resampled in every Gibbs sweep."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.training.bayes.side_features import SideInformation

Rows = NDArray[np.float64]
Floats = NDArray[np.float32]

EXPECTED_VARIANCE = 0.05
"""Variance of a coordinate at the prior mean of the precision, for standardised ratings."""

STRENGTH_PRIOR = (1.0, 0.001)
"""Shape and rate of the Gamma prior of `strength`, the coefficients' relative precision."""


class RowPrior:
    """Normal prior whose mean depends on features: x_k ~ N(sum_j (F_j W_j)_k, precision^-1).

    The coefficients W_j have a normal prior with mean 0 and `strength` times the rows' precision.
    The strength has a Gamma prior unless F_j fixes it, and the precision has a weak Wishart prior.
    Each is drawn from its full conditional distribution, so the scale of the features is learned.

    Parameters
    ----------
    known : sequence of SideInformation
        Features F_j; a constant feature is added as the intercept.
    weights : ndarray of shape (n,)
        Square root of each row's weight. The caller must multiply rows and features by it.
    width : int
        Number of coordinates of a row.

    Attributes
    ----------
    mean : ndarray of shape (n, width)
        Prior mean of each row, scaled by `weights` like the rows.
    lower : ndarray of shape (width, width)
        Cholesky factor of the precision matrix, which is the same for all rows.
    inverse : ndarray of shape (width, width)
        Inverse of `lower`.

    References
    ----------
    R. Salakhutdinov and A. Mnih, "Bayesian probabilistic matrix factorization using Markov chain
    Monte Carlo", ICML 2008, and for the features J. Simm et al., "Macau: scalable Bayesian
    factorization with high-dimensional side information using MCMC", MLSP 2017.
    """

    def __init__(
        self, known: Sequence[SideInformation], weights: NDArray[np.float64], width: int
    ) -> None:
        self._known = (SideInformation.constant(weights), *known)
        self._coefficients = [np.zeros((one.n_directions, width)) for one in self._known]
        self._strengths = [1.0 if one.strength is None else one.strength for one in self._known]
        self.mean = np.zeros((len(weights), width))
        self._set_factor(np.eye(width) / np.sqrt(EXPECTED_VARIANCE))

    def update(self, rows: Rows, random: np.random.Generator) -> None:
        """Draw the coefficients, their strengths and the precision, given rows (n, width)."""
        residuals = (rows - self.mean).astype(np.float32)
        for number in range(len(self._known)):
            self._update_coefficients(number, residuals, random)
        self._update_precision(residuals, random)
        self.mean = rows - residuals

    @property
    def coefficients(self) -> list[Rows]:
        """Current coefficients: the intercept's, of shape (1, width), then those of each F_j."""
        return self._coefficients

    def mean_of(self, features: Sequence[sp.csr_array], n: int) -> Rows:
        """Prior mean of n other, unweighted rows with the given features, of shape (n, width)."""
        ones = sp.csr_array(np.ones((n, 1)))
        pairs = zip(self._known, (ones, *features), self._coefficients, strict=True)
        return np.sum([one.mapped_of(own, by) for one, own, by in pairs], axis=0)

    @property
    def precision(self) -> Rows:
        """Precision matrix of the rows, of shape (width, width)."""
        return self.lower @ self.lower.T

    def _set_factor(self, lower: Rows) -> None:
        self.lower, self.inverse = lower, np.linalg.inv(lower)

    def _update_coefficients(
        self, number: int, residuals: Floats, random: np.random.Generator
    ) -> None:
        """Draw the coefficients of one F_j given all others, then its strength unless fixed.

        Updates `residuals`, rows minus means. The columns of the design are orthogonal, so adding
        back what the old coefficients explained takes only their squared lengths.
        """
        known, old = self._known[number], self._coefficients[number]
        spread = (known.squares + self._strengths[number])[:, None]
        noise = random.standard_normal(old.shape) @ self.inverse
        explained = known.gathered(residuals) + known.squares[:, None] * old
        drawn = explained / spread + noise / np.sqrt(spread)
        residuals -= known.mapped(drawn - old)
        self._coefficients[number] = drawn
        if known.strength is None:
            shape, rate = STRENGTH_PRIOR
            length = float(np.sum((drawn @ self.lower) ** 2))
            self._strengths[number] = random.gamma(shape + drawn.size / 2) / (rate + length / 2)

    def _update_precision(self, residuals: Floats, random: np.random.Generator) -> None:
        """Draw the precision from its conditional Wishart distribution."""
        n, width = residuals.shape
        scatter = width * EXPECTED_VARIANCE * np.eye(width) + residuals.T @ residuals
        freedom = width + n
        for coefficients, strength in zip(self._coefficients, self._strengths, strict=True):
            scatter += strength * coefficients.T @ coefficients
            freedom += len(coefficients)
        self._set_factor(draw_wishart(freedom, np.linalg.inv(scatter), random))


def draw_wishart(freedom: int, scale: Rows, random: np.random.Generator) -> Rows:
    """Cholesky factor of a draw from the Wishart distribution with mean ``freedom * scale``.

    By the Bartlett decomposition.

    Parameters
    ----------
    freedom : int
        Degrees of freedom, at least the width.
    scale : ndarray of shape (width, width)
        Symmetric and positive definite.
    """
    width = len(scale)
    lower = np.tril(random.standard_normal((width, width)), -1)
    lower += np.diag(np.sqrt(random.chisquare(freedom - np.arange(width))))
    factor: Rows = np.linalg.cholesky(scale) @ lower
    return factor
