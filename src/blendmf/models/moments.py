"""Moment effects of a fitted model: what ratings that a user gives at one time have in common."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from blendmf.models.rating_times import RatingTimes

GAPS = (10, 120)
"""Seconds between two ratings up to which they belong to the same inner and outer moment."""

AMID = 0.25
"""Distance of the mean validation rating from the middle of its user's order, below which there are
moment effects. Where the future is predicted instead, few ratings are of a known moment, and the
effects only make a user's bias less certain."""


def moment_effects(
    times: RatingTimes, effects: NDArray[np.float32], users: ArrayLike, seconds: ArrayLike
) -> NDArray[np.float64]:
    """Effects on ratings at some times, of shape (n,).

    The effect of each gap is that of the user's training rating that is nearest in time, or 0 if
    that is farther away than the gap.

    Parameters
    ----------
    times : RatingTimes
    effects : ndarray of shape (len(GAPS), n_ratings)
        Effects of each gap on the training ratings, in the order of `times`.
    users : array of int, of shape (n,)
        Positions of the users, possibly unknown.
    seconds : array of int, of shape (n,)
    """
    nearest, distance = times.nearest(users, seconds)
    within = distance <= np.array(GAPS)[:, None]
    found: NDArray[np.float64] = np.where(within, effects[:, nearest], 0.0).sum(axis=0)
    return found
