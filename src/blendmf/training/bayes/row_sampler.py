"""One side of a Bayesian factorisation: the users, or the items."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from blendmf.training.bayes.gibbs_kernels import draw_rows, pair_products
from blendmf.training.bayes.row_prior import RowPrior
from blendmf.training.bayes.side_features import (
    MOST_OF_RATERS,
    SideInformation,
    activity,
    raters,
)
from blendmf.training.kernels.compiled import compiled, in_threads, row_tasks

Rows = NDArray[np.float64]
Values = NDArray[np.float64]

HALF_KNOWN = 5.0
"""Ratings with which a row counts by half for what rows without ratings are like."""

START_DEVIATION = 0.1
"""Standard deviation of the factors that the first sweep starts from."""


class Side:
    """The rows of users, or of items, and their ratings in succession.

    Rows with ratings have a prior about all that is known of them. A row without ratings has one by
    its words alone, learned from the rows with ratings, each by how well it is known
    (`HALF_KNOWN`): beside the number of ratings words mean less than they do by themselves.

    Parameters
    ----------
    matrix : csr_array of shape (n, n_others)
        The training ratings.
    content : csr_array of shape (n, n_terms), or None
        What is known of each row beside the ratings.
    feedback : bool
        Whether how much and by whom a row is rated is known of it too.
    n_seen, width : int
        Bias and factors, which the other side multiplies; and these with a slope, if any.
    random : Generator
    threads : int

    Attributes
    ----------
    rated, without : ndarray of int64, of shape (m,) and (n - m,)
        Which rows have ratings, and which have none.
    rows : ndarray of shape (m, width)
        Of those with ratings: the bias, the factors, and the slope if there is one.
    """

    def __init__(
        self,
        matrix: sp.csr_array,
        content: sp.csr_array | None,
        feedback: bool,
        n_seen: int,
        width: int,
        random: np.random.Generator,
        threads: int,
    ) -> None:
        self._random, self._threads = random, threads
        n_ratings = np.diff(matrix.indptr)
        self.rated = np.flatnonzero(n_ratings)
        self._place = np.cumsum(n_ratings > 0) - 1
        self.without = np.flatnonzero(n_ratings == 0)
        self.indptr = np.concatenate([[0], np.cumsum(n_ratings[self.rated])])
        self.tasks = row_tasks(self.indptr)
        self.rows = np.zeros((len(self.rated), width))
        start = random.standard_normal((len(self.rated), n_seen - 1))
        self.rows[:, 1:n_seen] = START_DEVIATION * start
        words = content if content is not None and content[self.rated].nnz else None
        of_words = [] if words is None else [SideInformation.of_features(words[self.rated], random)]
        n_rated = n_ratings[self.rated].astype(np.float64)
        of_ratings: list[SideInformation] = []
        if feedback:
            by_whom = raters(matrix[self.rated])
            of_ratings = [
                SideInformation.of_features(by_whom, random, MOST_OF_RATERS),
                SideInformation.of_features(activity(n_rated), random),
            ]
        self.prior = RowPrior([*of_words, *of_ratings], np.ones(len(self.rated)), width)
        self._known = np.sqrt(n_rated / (n_rated + HALF_KNOWN))
        of_unrated = of_words if len(self.without) else []
        by_words = [one.scaled(self._known, random) for one in of_unrated]
        self._prior_without = RowPrior(by_words, self._known, width)
        self._words_without = [] if words is None else [words[self.without]]

    def places_of(self, positions: NDArray[np.int32]) -> NDArray[np.int32]:
        """Places of rows among those with ratings."""
        return self._place[positions].astype(np.int32)

    def rate(self, own: NDArray[np.int32], others: NDArray[np.int32]) -> None:
        """Take in which rows the ratings are of, as places among the rated ones of both sides."""
        self.own, self.others = own, others
        self._order = np.argsort(own, kind="stable")
        self._others_in_order = others[self._order]

    def draw(self, other_rows: Rows, targets: Values, weights: Values, places: Values) -> None:
        """Draw the prior given the rows, then the rows given the other side.

        A row x with prior mean m and precision L L' is drawn as m + L'^-1 z, with z standard
        normal a priori.

        Parameters
        ----------
        other_rows : ndarray of shape (n_others, n_seen)
            With 1 in place of the bias.
        targets : ndarray of shape (n_ratings,)
            The ratings less mu and what the other side says by itself.
        weights : ndarray of shape (n_ratings,)
            One over the standard deviation of each rating's noise.
        places : ndarray of shape (n_ratings,)
            What multiplies the slope; without effect where the rows have none.
        """
        random, (n_rows, width), n_seen = self._random, self.rows.shape, other_rows.shape[1]
        self.prior.draw(self.rows, random)
        inverse = _inverse_factor(self.prior.precision)
        whitened = np.ascontiguousarray(other_rows @ inverse[:, :n_seen].T)
        slope = inverse[:, -1].copy() if width > n_seen else np.zeros(width)
        beyond = targets - self.said(self.prior.mean, other_rows, places)
        normal = random.standard_normal((n_rows, width))
        noise = random.standard_normal(len(targets))
        ratings = (self._others_in_order, *(a[self._order] for a in (beyond, weights, places)))
        given = (self.indptr, *ratings, noise, whitened, slope)
        kernel = compiled(draw_rows)

        def task(begin: int, end: int) -> Callable[[], None]:
            return lambda: kernel(begin, end, *given, normal)

        in_threads([task(begin, end) for begin, end in self.tasks], self._threads)
        self.rows = self.prior.mean + normal @ inverse

    def said(self, rows: Rows, other_rows: Rows, places: Values) -> Values:
        """What rows of this side, with those of the other, say of each rating, of shape (n,)."""
        n_seen = other_rows.shape[1]
        products = np.empty(len(self.own))
        seen = np.ascontiguousarray(rows[:, :n_seen])
        compiled(pair_products)(self.own, self.others, seen, other_rows, products)
        if rows.shape[1] > n_seen:
            products += places * rows[self.own, -1]
        return products

    def all_rows(self) -> Rows:
        """Rows with ratings as they were drawn last, the others' means, of shape (n, width)."""
        if not len(self.without):
            return self.rows
        prior = self._prior_without
        prior.draw(self._known[:, None] * self.rows, self._random)
        rows = np.empty((len(self._place), self.rows.shape[1]))
        rows[self.rated] = self.rows
        rows[self.without] = prior.mean_of(self._words_without, len(self.without))
        return rows

    def variance_without(self, given: Rows, n_ratings: Values) -> float:
        """How far rows without ratings may be from what `all_rows` has of them, in ratings.

        The variance of what such a row says of a rating, mean over the other side's ratings.

        Parameters
        ----------
        given : ndarray of shape (n_others, width)
            What the other side's rows multiply rows with.
        n_ratings : ndarray of shape (n_others,)
            How many ratings these have.
        """
        inverse = _inverse_factor(self._prior_without.precision)
        return float(np.average(np.sum((given @ inverse.T) ** 2, axis=1), weights=n_ratings))


def load_kernels() -> None:
    """Have the kernels loaded or compiled, by calls that find nothing to do."""
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
