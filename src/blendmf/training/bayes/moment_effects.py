"""Moment effects: what the ratings that a user gives at one time have in common.

The rating n of a user, given at a time, has the additional terms

    h_o(n) + g_i(n),   h_o ~ N(0, 1 / strength_o),   g_i ~ N(0, 1 / strength_i),

in which o(n) and i(n) are the user's sequences of ratings around that time without a gap of more
than 120 and 10 seconds (`blendmf.models.moments.GAPS`). An outer sequence consists of whole inner
ones, so both effects are drawn together: h from its distribution given all else but the g, then g.
The strengths have a Gamma prior.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from blendmf.models.moments import GAPS
from blendmf.models.rating_times import RatingTimes
from blendmf.training.bayes.moment_kernels import draw_moments
from blendmf.training.bayes.rated_rows import RatedRows
from blendmf.training.kernels.compiled import compiled, in_threads
from blendmf.training.kernels.vector_rows import aligned_rows, lanes_of

Rows = NDArray[np.float64]
Floats = NDArray[np.float32]

START_STRENGTH = 20.0
"""Initial precision of the effects, in standardised ratings."""

STRENGTH_PRIOR = (1.0, 0.02)
"""Shape and rate of the Gamma prior of the strengths."""


class MomentSampler:
    """Sampler of the moment effects of all ratings.

    Parameters
    ----------
    times : RatingTimes
    rated : RatedRows
        The users, their ratings in the order of `times`.
    random : Generator
    threads : int

    Attributes
    ----------
    effects : list of ndarray of float32
        Current effects of the groups of each gap in `GAPS`.
    """

    def __init__(
        self, times: RatingTimes, rated: RatedRows, random: np.random.Generator, threads: int
    ) -> None:
        self._rated, self._random, self._threads = rated, random, threads
        self._seconds = times.seconds
        groups = [times.groups(gap) for gap in GAPS]
        self._first_groups = np.stack([of_gap[rated.indptr[:-1]] for of_gap in groups])
        self.effects = [np.zeros(int(of_gap[-1]) + 1, np.float32) for of_gap in groups]
        self._strengths = np.full(len(GAPS), START_STRENGTH)

    @property
    def variance(self) -> float:
        """Prior variance of the sum of a rating's effects."""
        return float(np.sum(1 / self._strengths))

    def draw(
        self,
        ratings: Floats,
        order: Floats,
        user_rows: Rows,
        item_rows: Rows,
        slopes: Rows,
        precisions: Rows,
    ) -> Floats:
        """Draw all effects, then their strengths; return the ratings without the effects.

        Parameters
        ----------
        ratings, order : ndarray of float32, of shape (n,)
            Standardised ratings and their positions in the users' orders, by user and time.
        user_rows, item_rows : ndarray of shape (m, 1 + d) and (k, 1 + d)
            Bias and factors.
        slopes : ndarray of shape (m,)
            Slopes of the users.
        precisions : ndarray of shape (m,)
            Noise precision of each user's ratings.

        Returns
        -------
        ndarray of float32, of shape (n,)
        """
        width = item_rows.shape[1]
        multipliers = user_rows.copy()
        multipliers[:, 0] = 1.0
        normal = [
            self._random.standard_normal(len(of_gap), dtype=np.float32) for of_gap in self.effects
        ]
        squares = np.zeros((len(self._rated.positions), len(GAPS)))
        left = np.empty_like(ratings)
        given = (
            *(self._rated.indptr, self._rated.others, ratings, order, self._seconds),
            *(aligned_rows(multipliers, np.float32), aligned_rows(item_rows, np.float32)),
            *(user_rows[:, 0].copy(), slopes, precisions),
            *(self._strengths, *GAPS, *self._first_groups, *normal),
            *(*self.effects, squares, left, lanes_of(width)),
        )
        kernel = compiled(draw_moments, len(lanes_of(width)))

        def task(begin: int, end: int) -> Callable[[], None]:
            return lambda: kernel(begin, end, *given)

        in_threads([task(begin, end) for begin, end in self._rated.tasks()], self._threads)
        shape, rate = STRENGTH_PRIOR
        sizes = np.array([len(of_gap) for of_gap in self.effects])
        gammas = self._random.standard_gamma(shape + sizes / 2)
        self._strengths = gammas / (rate + squares.sum(axis=0) / 2)
        return left
