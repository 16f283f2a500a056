"""Sampler of the user rows or the item rows of a Bayesian matrix factorisation."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.common.random_streams import stream
from blendmf.models.user_prior import PriorDraw, RatedFeatures
from blendmf.training.bayes.gibbs_kernels import EXTRA_COLUMNS, draw_rows
from blendmf.training.bayes.rated_rows import RatedRows
from blendmf.training.bayes.row_prior import RowPrior
from blendmf.training.bayes.side_features import (
    MAX_DIRECTIONS,
    MAX_RATER_DIRECTIONS,
    SideInformation,
    activity,
    rater_weights,
    raters,
)
from blendmf.training.kernels.compiled import compiled, in_threads
from blendmf.training.kernels.vector_rows import aligned_rows, lanes_of

Rows = NDArray[np.float64]
Values = NDArray[np.float64]
Floats = NDArray[np.float32]

HALF_WEIGHT_RATINGS = 5.0
"""Number of ratings with which a row has weight 1/2 in the prior of rows without ratings."""

START_VARIANCE = 0.05
"""Variance of the initial products of factors, for standardised ratings. Factors that start smaller
take many sweeps to grow where ratings are few."""


class OtherSide(NamedTuple):
    """The rows of the other side, as the ratings of this side see them.

    Attributes
    ----------
    multipliers : ndarray of shape (m, n_shared)
        The rows, with 1 in place of the bias.
    offsets : ndarray of shape (m,)
        The biases.
    slopes, weights : ndarray of shape (m,), or None
        Slopes, and inverse standard deviations of the noise of the ratings; 0 and 1 if None.
    """

    multipliers: Rows
    offsets: Values
    slopes: Values | None = None
    weights: Values | None = None

    def table(self, inverse: Rows) -> NDArray[np.float32]:
        """The table Z of `blendmf.training.bayes.gibbs_kernels`, for ``inverse @ multiplier``."""
        width, m = len(inverse), len(self.offsets)
        weights = np.ones(m) if self.weights is None else self.weights
        Z = aligned_rows(np.zeros((m, width + EXTRA_COLUMNS)), np.float32)
        Z[:, :width] = weights[:, None] * (self.multipliers @ inverse.T)
        Z[:, width] = -weights * self.offsets
        Z[:, width + 1] = weights
        if self.slopes is not None:
            Z[:, width + 2] = -weights * self.slopes
        return Z


class RowSampler:
    """Sampler of the user rows or the item rows ("this side"; the others are "the other side").

    The prior of rows with ratings uses all side information. The prior of rows without ratings uses
    words only. It has its own coefficients, since those of words depend on the other features, and
    is fitted to the rows with ratings, weighted by n_ratings / (n_ratings + HALF_WEIGHT_RATINGS).

    Parameters
    ----------
    rated : RatedRows
    content : csr_array of shape (n, n_terms), or None
        Words of the rows.
    feedback : bool
        Whether a row's number of ratings and its raters (or rated items) are side information.
    n_shared, width : int
        Number of coordinates that the other side multiplies (bias and factors), and total number
        of coordinates (with the slope, if any).
    random : Generator
    threads : int

    Attributes
    ----------
    rows : ndarray of shape (m, width)
        Current rows with ratings: bias, factors, and slope if any.
    precisions, squared_errors : ndarray of shape (m,)
        Relative noise precision of each row, and the sum of its squared errors when it was drawn.
    """

    def __init__(
        self,
        rated: RatedRows,
        content: sp.csr_array | None,
        feedback: bool,
        n_shared: int,
        width: int,
        random: np.random.Generator,
        threads: int,
    ) -> None:
        self.rated, self._random, self._threads = rated, random, threads
        self._tasks = rated.tasks()
        m, counts = len(rated.positions), rated.counts
        self._n_shared = n_shared
        self.rows = np.zeros((m, width))
        start = (START_VARIANCE / (n_shared - 1)) ** 0.25
        self.rows[:, 1:n_shared] = start * random.standard_normal((m, n_shared - 1))
        self._expected: NDArray[np.floating] = self.rows
        self._inverse = np.eye(width)
        self.precisions, self.squared_errors = np.ones(m), np.zeros(m)
        words = content if content is not None and content[rated.positions].nnz else None
        of_words = [] if words is None else [self._side_information(words[rated.positions])]
        of_ratings: list[SideInformation] = []
        pattern = rated.pattern()
        if feedback:
            of_ratings = [
                self._side_information(raters(pattern), MAX_RATER_DIRECTIONS),
                self._side_information(activity(counts)),
            ]
        self._of_ratings, self._rater_weights = of_ratings, rater_weights(pattern)
        self.prior = RowPrior([*of_words, *of_ratings], np.ones(m), width)
        self._weight = np.sqrt(counts / (counts + HALF_WEIGHT_RATINGS))
        by_words = []
        if words is not None and len(rated.without):
            by_words = [
                self._side_information(sp.diags_array(self._weight) @ words[rated.positions])
            ]
        self._prior_without = RowPrior(by_words, self._weight, width)
        self._words_without = [] if words is None else [words[rated.without]]

    def _side_information(
        self, features: sp.csr_array | Rows, most: int = MAX_DIRECTIONS
    ) -> SideInformation:
        # The same directions in every chain, so that their draws can be put together.
        return SideInformation.of_features(features, stream(0, "directions"), most, self._threads)

    def set_ratings(self, values: Floats, order: Floats | None = None) -> None:
        """Set the values of the ratings, and unless they stay, their positions, row by row."""
        self._values = values
        if order is not None:
            self._order = order

    def update(self, other: OtherSide, precision: float = 1.0, freedom: float = 0.0) -> None:
        """Draw the prior given the rows, then the rows given the prior and the other side.

        A row x with prior mean m and precision L L' is drawn as L'^-1 y, with y ~ N(L' m, 1) a
        priori. `precision` and `freedom` are those of `blendmf.training.bayes.gibbs_kernels`.
        """
        random, shape, width = self._random, self.rows.shape, self.rows.shape[1]
        self.prior.update(self.rows, random)
        lower, inverse = self.prior.lower, self.prior.inverse
        Z = other.table(inverse[:, : self._n_shared])
        slope = aligned_rows(np.zeros((1, Z.shape[1])), np.float32)
        if width > self._n_shared:
            slope[0, :width] = inverse[:, -1]
        gammas = np.ones(shape[0])
        if freedom:
            gammas = random.standard_gamma((freedom + self.rated.counts) / 2)
        drawn = (self.rows @ lower).astype(np.float32)
        expected = np.empty_like(drawn)
        means = (self.prior.mean @ lower).astype(np.float32)
        given = (
            *(self.rated.indptr, self.rated.others, self._values, self._order, Z, slope),
            *(means, random.standard_normal(shape, dtype=np.float32)),
            *(float(freedom), gammas, float(precision)),
            *(drawn, expected, self.precisions, self.squared_errors, lanes_of(Z.shape[1])),
        )
        kernel = compiled(draw_rows, Z.shape[1])

        def task(begin: int, end: int) -> Callable[[], None]:
            return lambda: kernel(begin, end, *given)

        in_threads([task(begin, end) for begin, end in self._tasks], self._threads)
        self.rows = drawn @ inverse
        self._expected, self._inverse = expected, inverse

    @property
    def expected(self) -> Rows:
        """Mean of each of the `rows` given the other side, the prior and the row's precision."""
        expected: Rows = self._expected @ self._inverse
        return expected

    def expected_rows(self) -> Rows:
        """Expected rows, and prior means for rows without ratings, of shape (n, width)."""
        without, rated = self.rated.without, self.rated.positions
        if not len(without):
            return self.expected
        prior = self._prior_without
        prior.update(self._weight[:, None] * self.rows, self._random)
        rows = np.empty((self.rated.n, self.rows.shape[1]))
        rows[rated] = self.expected
        rows[without] = prior.mean_of(self._words_without, len(without))
        return rows

    def rated_features(self, others: RatedRows) -> RatedFeatures:
        """How the ratings of a row become its features; without effect if feedback is off."""
        logarithm = np.log1p(self.rated.counts)
        scale = np.array([logarithm.mean(), logarithm.std()])
        n_directions = self._of_ratings[0].n_directions if self._of_ratings else 0
        weights, directions = np.zeros(others.n), np.zeros((others.n, n_directions))
        weights[others.positions] = self._rater_weights
        if self._of_ratings:
            directions[others.positions] = self._of_ratings[0].directions
        return RatedFeatures(weights, directions, scale)

    def prior_draw(self, noise_variance: float) -> PriorDraw:
        """The current prior of the rows with ratings, with the common noise variance."""
        intercept, *coefficients = self.prior.coefficients
        width = self.rows.shape[1]
        effects = [np.zeros((0, width)), np.zeros((2, width))]
        if self._of_ratings:
            of_raters, of_activity = coefficients[-2:]
            effects = [of_raters, self._of_ratings[1].directions @ of_activity]
        return PriorDraw(noise_variance, intercept[0], self.prior.precision, *effects)

    def variances(self, multipliers: Rows, n_ratings: NDArray[np.int64]) -> Values:
        """Variance of the predictions by each row around those by its expected row.

        For a row with ratings it is estimated from the current draw, for another row it is that of
        the prior. It is averaged over the ratings of the other side.

        Parameters
        ----------
        multipliers : ndarray of shape (n_others, width)
            The other side's rows, with 1 in place of the bias.
        n_ratings : ndarray of shape (n_others,)
            Number of ratings of each of the other side's rows: the weights of the average.

        Returns
        -------
        ndarray of shape (n,)
        """
        weighted = n_ratings[:, None] * multipliers
        squares = weighted.T @ multipliers / n_ratings.sum()
        inverse, deviations = self._prior_without.inverse, self.rows - self.expected
        variances = np.full(self.rated.n, np.sum((inverse @ squares) * inverse))
        variances[self.rated.positions] = np.sum((deviations @ squares) * deviations, axis=1)
        return variances
