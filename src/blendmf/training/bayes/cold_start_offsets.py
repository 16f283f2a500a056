"""Prediction bias for users and items without training ratings.

People rate what they expect to like, so that rated items get higher ratings than a random item
would. The model learns this effect for users and items with training ratings. For the others, it is
estimated from the validation ratings.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blendmf.models.observations import Observations

CHANCE_ERRORS = 2.0
"""A mean error of at most this many standard errors is treated as chance."""

Positions = NDArray[np.int64]


class Offsets(NamedTuple):
    """Offsets added to predictions for users, and for items, without training ratings."""

    of_users: float
    of_items: float


class ColdRatings:
    """The ratings of a part by users, or of items, without training ratings.

    Parameters
    ----------
    part : Observations
    users, items : ndarray of int, of shape (m,)
        Positions of users and items without training ratings.
    """

    def __init__(self, part: Observations, users: Positions, items: Positions) -> None:
        self._part = part
        self._by, self._of = np.isin(part.users, users), np.isin(part.items, items)

    def offsets(self, predicted: NDArray[np.float64]) -> Offsets:
        """Mean errors of predictions of shape (n,), shrunk by `mean_beyond_chance`."""
        users, items, by, of = self._part.users, self._part.items, self._by, self._of
        errors = self._part.ratings - predicted
        of_users = mean_beyond_chance(errors[by], users[by], items[by])
        errors[by] -= of_users
        return Offsets(of_users, mean_beyond_chance(errors[of], users[of], items[of]))

    def shifted(self, predicted: NDArray[np.float64], by: Offsets) -> NDArray[np.float64]:
        """Predictions plus offsets, of shape (n,)."""
        return predicted + by.of_users * self._by + by.of_items * self._of


def mean_beyond_chance(
    errors: NDArray[np.float64], users: NDArray[np.int32], items: NDArray[np.int32]
) -> float:
    """The mean m of errors, shrunk to m (1 - 4 v / m^2), or to 0 if that has the other sign.

    v is the variance of m with errors clustered by user and by item, since many ratings by one user
    say little about others. This is James-Stein shrinkage with two standard errors instead of one.

    Parameters
    ----------
    errors, users, items : ndarray of shape (n,)

    Returns
    -------
    float
        0 for fewer than two errors, or if all are of a single user or item.

    References
    ----------
    A. C. Cameron, J. B. Gelbach and D. L. Miller, "Robust inference with multiway clustering",
    Journal of Business and Economic Statistics 29 (2011).
    """
    if len(errors) < 2:
        return 0.0
    mean = float(errors.mean())
    centred = errors - mean
    single = float(centred @ centred)
    clustered = _squares(centred, users) + _squares(centred, items) - single
    chance = CHANCE_ERRORS**2 * max(clustered, single) / len(errors) ** 2
    return mean * (1 - chance / mean**2) if chance < mean**2 else 0.0


def _squares(centred: NDArray[np.float64], groups: NDArray[np.int32]) -> float:
    """Sum of the squared group sums, corrected for few groups; infinite for one group."""
    n_groups = np.count_nonzero(np.bincount(groups))
    if n_groups < 2:
        return np.inf
    return float(np.sum(np.bincount(groups, centred) ** 2)) * n_groups / (n_groups - 1)
