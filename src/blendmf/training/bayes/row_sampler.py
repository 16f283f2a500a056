"""Sampler of the user rows or the item rows of a Bayesian matrix factorisation."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from blendmf.models.user_prior import PriorDraw, RatedFeatures
from blendmf.training.bayes.gibbs_kernels import draw_rows, pair_products
from blendmf.training.bayes.row_prior import RowPrior
from blendmf.training.bayes.side_features import (
    MAX_RATER_DIRECTIONS,
    SideInformation,
    activity,
    rater_weights,
    raters,
)
from blendmf.training.kernels.compiled import compiled, in_threads, row_tasks

Rows = NDArray[np.float64]
Values = NDArray[np.float64]

HALF_WEIGHT_RATINGS = 5.0
"""Number of ratings with which a row has weight 1/2 in the prior of rows without ratings."""

START_DEVIATION = 0.1
"""Standard deviation of the initial factors."""


class RowSampler:
    """Sampler of the user rows or the item rows ("this side"; the others are "the other side").

    The prior of rows with ratings uses all side information. The prior of rows without ratings uses
    words only. It has its own coefficients, since those of words depend on the other features, and
    is fitted to the rows with ratings, weighted by n_ratings / (n_ratings + HALF_WEIGHT_RATINGS).

    Parameters
    ----------
    matrix : csr_array of shape (n, n_others)
        The training ratings, one row per row of this side.
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
    rated, without : ndarray of int64, of shape (m,) and (n - m,)
        Positions of the rows with and without ratings.
    rows : ndarray of shape (m, width)
        Current rows with ratings: bias, factors, and slope if any.
    own, others : ndarray of int32, of shape (n_ratings,)
        Row index of each rating on this and on the other side, among the rows with ratings.
    """

    def __init__(
        self,
        matrix: sp.csr_array,
        content: sp.csr_array | None,
        feedback: bool,
        n_shared: int,
        width: int,
        random: np.random.Generator,
        threads: int,
    ) -> None:
        self._random, self._threads = random, threads
        n_ratings = np.diff(matrix.indptr)
        self.rated = np.flatnonzero(n_ratings)
        self._rated_index = np.cumsum(n_ratings > 0) - 1
        self.without = np.flatnonzero(n_ratings == 0)
        self.indptr = np.concatenate([[0], np.cumsum(n_ratings[self.rated])])
        self.tasks = row_tasks(self.indptr)
        self.rows = np.zeros((len(self.rated), width))
        start = random.standard_normal((len(self.rated), n_shared - 1))
        self.rows[:, 1:n_shared] = START_DEVIATION * start
        words = content if content is not None and content[self.rated].nnz else None
        of_words = [] if words is None else [SideInformation.of_features(words[self.rated], random)]
        n_rated = n_ratings[self.rated].astype(np.float64)
        of_ratings: list[SideInformation] = []
        if feedback:
            by_whom = matrix[self.rated]
            of_ratings = [
                SideInformation.of_features(raters(by_whom), random, MAX_RATER_DIRECTIONS),
                SideInformation.of_features(activity(n_rated), random),
            ]
        self._of_ratings, self._n_ratings = of_ratings, n_rated
        self._rater_weights = rater_weights(matrix[self.rated])
        self.prior = RowPrior([*of_words, *of_ratings], np.ones(len(self.rated)), width)
        self._weight = np.sqrt(n_rated / (n_rated + HALF_WEIGHT_RATINGS))
        of_unrated = of_words if len(self.without) else []
        by_words = [one.scaled(self._weight, random) for one in of_unrated]
        self._prior_without = RowPrior(by_words, self._weight, width)
        self._words_without = [] if words is None else [words[self.without]]

    def rated_index(self, positions: NDArray[np.int32]) -> NDArray[np.int32]:
        """Index of each of the rated rows at `positions` among the rows with ratings."""
        return self._rated_index[positions].astype(np.int32)

    def set_ratings(self, own: NDArray[np.int32], others: NDArray[np.int32]) -> None:
        """Store each rating's row index on both sides, among the rated rows."""
        self.own, self.others = own, others
        self._by_row = np.argsort(own, kind="stable")
        self._others_by_row = others[self._by_row]

    def update(self, multipliers: Rows, targets: Values, weights: Values, order: Values) -> None:
        """Draw the prior given the rows, then the rows given the prior and the other side.

        A row x with prior mean m and precision L L' is drawn as m + L'^-1 z, with z standard
        normal a priori.

        Parameters
        ----------
        multipliers : ndarray of shape (n_others, n_shared)
            The other side's rows, with 1 in place of the bias.
        targets : ndarray of shape (n_ratings,)
            The ratings minus mu and the terms of the other side alone.
        weights : ndarray of shape (n_ratings,)
            Inverse standard deviation of each rating's noise.
        order : ndarray of shape (n_ratings,)
            Position of each rating in its user's order, which multiplies the slope if any.
        """
        random, (n_rows, width), n_shared = self._random, self.rows.shape, multipliers.shape[1]
        self.prior.update(self.rows, random)
        inverse = _inverse_factor(self.prior.precision)
        whitened = np.ascontiguousarray(multipliers @ inverse[:, :n_shared].T)
        slope = inverse[:, -1].copy() if width > n_shared else np.zeros(width)
        residuals = targets - self.predictions(self.prior.mean, multipliers, order)
        normal = random.standard_normal((n_rows, width))
        noise = random.standard_normal(len(targets))
        ratings = (self._others_by_row, *(a[self._by_row] for a in (residuals, weights, order)))
        given = (self.indptr, *ratings, noise, whitened, slope)
        kernel = compiled(draw_rows)

        def task(begin: int, end: int) -> Callable[[], None]:
            return lambda: kernel(begin, end, *given, normal)

        in_threads([task(begin, end) for begin, end in self.tasks], self._threads)
        self.rows = self.prior.mean + normal @ inverse

    def predictions(self, rows: Rows, multipliers: Rows, order: Values) -> Values:
        """Products of rows of this side and multipliers for each rating, of shape (n_ratings,)."""
        n_shared = multipliers.shape[1]
        products = np.empty(len(self.own))
        shared = np.ascontiguousarray(rows[:, :n_shared])
        compiled(pair_products)(self.own, self.others, shared, multipliers, products)
        if rows.shape[1] > n_shared:
            products += order * rows[self.own, -1]
        return products

    def all_rows(self) -> Rows:
        """The current rows, with prior means for rows without ratings, of shape (n, width)."""
        if not len(self.without):
            return self.rows
        prior = self._prior_without
        prior.update(self._weight[:, None] * self.rows, self._random)
        rows = np.empty((len(self._rated_index), self.rows.shape[1]))
        rows[self.rated] = self.rows
        rows[self.without] = prior.mean_of(self._words_without, len(self.without))
        return rows

    def rated_features(self) -> RatedFeatures:
        """How the ratings of a row become its features; without effect if feedback is off."""
        logarithm = np.log1p(self._n_ratings)
        scale = np.array([logarithm.mean(), logarithm.std()])
        if not self._of_ratings:
            return RatedFeatures(
                self._rater_weights, np.zeros((len(self._rater_weights), 0)), scale
            )
        return RatedFeatures(self._rater_weights, self._of_ratings[0].directions, scale)

    def prior_draw(self, noise_variance: float) -> PriorDraw:
        """The current prior of the rows with ratings, with the common noise variance."""
        intercept, *coefficients = self.prior.coefficients
        width = self.rows.shape[1]
        effects = [np.zeros((0, width)), np.zeros((2, width))]
        if self._of_ratings:
            of_raters, of_activity = coefficients[-2:]
            effects = [of_raters, self._of_ratings[1].directions @ of_activity]
        return PriorDraw(noise_variance, intercept[0], self.prior.precision, *effects)

    def variance_without(self, multipliers: Rows, n_ratings: Values) -> float:
        """Prior variance of the predictions of rows without ratings, averaged over the ratings.

        Parameters
        ----------
        multipliers : ndarray of shape (n_others, width)
            The other side's rows, with 1 in place of the bias.
        n_ratings : ndarray of shape (n_others,)
            Number of ratings of each of the other side's rows: the weights of the average.
        """
        inverse = _inverse_factor(self._prior_without.precision)
        return float(np.average(np.sum((multipliers @ inverse.T) ** 2, axis=1), weights=n_ratings))


def load_kernels() -> None:
    """Load or compile the kernels by calls on empty input."""
    whole, positions, values = np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0)
    nothing = np.zeros((0, 1))
    compiled(draw_rows)(
        0, 0, whole, positions, values, values, values, values, nothing, np.zeros(1), nothing
    )
    compiled(pair_products)(positions, positions, nothing, nothing, values)


def _inverse_factor(precision: Rows) -> Rows:
    """L^-1 for a precision L L'."""
    lower = np.linalg.cholesky(precision)
    inverse: Rows = solve_triangular(lower, np.eye(len(lower)), lower=True)
    return inverse
