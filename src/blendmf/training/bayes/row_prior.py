"""Prior of the parameter rows of all users or of all items, resampled in every Gibbs sweep."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.training.bayes.gibbs_kernels import INDEPENDENT, OVERRELAXATION
from blendmf.training.bayes.side_features import SideInformation

Rows = NDArray[np.float64]

DEVIATION_SCALE, DEVIATION_FREEDOM = 1.0, 2.0
"""Half-t prior of each coordinate's standard deviation, for standardised ratings. With 2 degrees of
freedom, correlations of two coordinates are uniform a priori."""

START_VARIANCE = 0.05
"""Initial variance of a coordinate."""

STRENGTH_PRIOR = (1.0, 0.001)
"""Shape and rate of the Gamma prior of `strength`, the coefficients' relative precision."""


class RowPrior:
    """Normal prior whose mean depends on features: x_k ~ N(sum_j (F_j W_j)_k, precision^-1).

    The coefficients W_j have a normal prior with mean 0 and `strength` times the rows' precision.
    The strength has a Gamma prior unless F_j fixes it. The precision has a Wishart prior whose
    inverse scale is diagonal and drawn too, so that each coordinate's standard deviation has a
    half-t prior: superfluous factors shrink to zero. Each is drawn from its full conditional
    distribution, so the scale of the features is learned.

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
    factorization with high-dimensional side information using MCMC", MLSP 2017. For the precision
    A. Huang and M. Wand, "Simple marginally noninformative prior distributions for covariance
    matrices", Bayesian Analysis 8 (2013).
    """

    def __init__(
        self, known: Sequence[SideInformation], weights: NDArray[np.float64], width: int
    ) -> None:
        self._known = (SideInformation.constant(weights), *known)
        ends = np.cumsum([0, *(one.n_directions for one in self._known)])
        self._slices = [slice(begin, end) for begin, end in pairwise(ends)]
        design = np.hstack([one.design for one in self._known])
        self._products = (design.T @ design).astype(np.float64)
        self._all_coefficients = np.zeros((len(self._products), width))
        self._strengths = [1.0 if one.strength is None else one.strength for one in self._known]
        self.mean = np.zeros((len(weights), width))
        self._set_factor(np.eye(width) / np.sqrt(START_VARIANCE))

    def update(self, rows: Rows, random: np.random.Generator) -> None:
        """Draw the coefficients, their strengths and the precision, given rows (n, width)."""
        single = rows.astype(np.float32)
        gathered = np.vstack([one.sums(single) for one in self._known])
        for number in range(len(self._known)):
            self._update_coefficients(number, gathered, random)
        self.mean = np.zeros_like(rows)
        for one, own in zip(self._known, self.coefficients, strict=True):
            self.mean += one.mapped(own)
        self._update_precision(rows, random)

    @property
    def coefficients(self) -> list[Rows]:
        """Current coefficients: the intercept's, of shape (1, width), then those of each F_j."""
        return [self._all_coefficients[own] for own in self._slices]

    def mean_of(self, features: Sequence[sp.csr_array], n: int) -> Rows:
        """Prior mean of n other, unweighted rows with the given features, of shape (n, width)."""
        ones = sp.csr_array(np.ones((n, 1)))
        pairs = zip(self._known, (ones, *features), self.coefficients, strict=True)
        return np.sum([one.mapped_of(own, by) for one, own, by in pairs], axis=0)

    @property
    def precision(self) -> Rows:
        """Precision matrix of the rows, of shape (width, width)."""
        return self.lower @ self.lower.T

    def _set_factor(self, lower: Rows) -> None:
        self.lower, self.inverse = lower, np.linalg.inv(lower).astype(np.float64)

    def _update_coefficients(
        self, number: int, gathered: Rows, random: np.random.Generator
    ) -> None:
        """Draw the coefficients of one F_j given all others, then its strength unless fixed.

        `gathered` is the design' times the rows. What the other coefficients explain is subtracted
        in these coordinates; the columns of F_j's own design are orthogonal.
        """
        known, own = self._known[number], self._slices[number]
        spread = (known.squares + self._strengths[number])[:, None]
        explained = (
            self._products[own] @ self._all_coefficients
            - known.squares[:, None] * self._all_coefficients[own]
        )
        noise = random.standard_normal(explained.shape) @ self.inverse
        mean = (gathered[own] - explained) / spread
        drawn = mean + OVERRELAXATION * (self._all_coefficients[own] - mean)
        drawn += INDEPENDENT * noise / np.sqrt(spread)
        self._all_coefficients[own] = drawn
        if known.strength is None:
            shape, rate = STRENGTH_PRIOR
            length = float(np.sum((drawn @ self.lower) ** 2))
            self._strengths[number] = random.gamma(shape + drawn.size / 2) / (rate + length / 2)

    def _update_precision(self, rows: Rows, random: np.random.Generator) -> None:
        """Draw the inverse scale of the precision's prior, then the precision."""
        n, width = rows.shape
        shape = (DEVIATION_FREEDOM + width) / 2
        rates = DEVIATION_SCALE**-2 + DEVIATION_FREEDOM * np.sum(self.lower**2, axis=1)
        scatter = np.diag(2 * DEVIATION_FREEDOM * random.standard_gamma(shape, width) / rates)
        residuals = (rows - self.mean).astype(np.float32)
        strengths = np.repeat(self._strengths, [one.n_directions for one in self._known])
        scatter += residuals.T @ residuals
        scatter += (strengths[:, None] * self._all_coefficients).T @ self._all_coefficients
        freedom = DEVIATION_FREEDOM + width - 1 + n + len(self._all_coefficients)
        self._set_factor(draw_wishart(freedom, np.linalg.inv(scatter), random))


def draw_wishart(freedom: float, scale: Rows, random: np.random.Generator) -> Rows:
    """Cholesky factor of a draw from the Wishart distribution with mean ``freedom * scale``.

    By the Bartlett decomposition.

    Parameters
    ----------
    freedom : float
        Degrees of freedom, at least the width.
    scale : ndarray of shape (width, width)
        Symmetric and positive definite.
    """
    width = len(scale)
    lower = np.tril(random.standard_normal((width, width)), -1)
    lower += np.diag(np.sqrt(random.chisquare(freedom - np.arange(width))))
    factor: Rows = np.linalg.cholesky(scale) @ lower
    return factor
