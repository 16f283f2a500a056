"""How far ratings by users and of items without training ratings are from what is said of them.

People rate what they expect to like: what is rated is rated higher than it would be by anybody. For
items with ratings a model learns that with the rest. For one whose ratings are not known only other
ratings like the ones to be predicted can tell how much, those of the validation part.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blendmf.models.observations import Observations

LEAST_DEVIATIONS = 2.0
"""Standard errors up to which a mean may well be chance."""

Positions = NDArray[np.int64]


class Offsets(NamedTuple):
    """What is to be added to predicted ratings, by users and of items without training ratings."""

    of_users: float
    of_items: float


class Unrated:
    """The ratings of a part that are by users, or of items, without training ratings.

    Parameters
    ----------
    part : Observations
    users, items : ndarray of int, of shape (m,)
        Positions of those without training ratings.
    """

    def __init__(self, part: Observations, users: Positions, items: Positions) -> None:
        self._part = part
        self._by, self._of = np.isin(part.users, users), np.isin(part.items, items)

    def offsets(self, predicted: NDArray[np.float64]) -> Offsets:
        """What would make up for the errors of predictions, as far as these are not chance."""
        users, items, by, of = self._part.users, self._part.items, self._by, self._of
        errors = self._part.ratings - predicted
        of_users = mean_beyond_chance(errors[by], users[by], items[by])
        errors[by] -= of_users
        return Offsets(of_users, mean_beyond_chance(errors[of], users[of], items[of]))

    def moved(self, predicted: NDArray[np.float64], by: Offsets) -> NDArray[np.float64]:
        """Predictions and offsets together, of shape (n,)."""
        return predicted + by.of_users * self._by + by.of_items * self._of


def mean_beyond_chance(
    errors: NDArray[np.float64], users: NDArray[np.int32], items: NDArray[np.int32]
) -> float:
    """The mean m of errors, shrunk to m (1 - 4 v / m^2), or to 0 if that is of the other sign.

    v is the variance of m where errors of one user belong together, and errors of one item: a mean
    over many ratings by a single user is known no better than that user is. The shrinkage is that
    of James and Stein, with two standard errors in place of one.

    Parameters
    ----------
    errors, users, items : ndarray of shape (n,)

    Returns
    -------
    float
        0 if all errors are of one user or of one item.

    References
    ----------
    A. C. Cameron, J. B. Gelbach and D. L. Miller, "Robust inference with multiway clustering",
    Journal of Business and Economic Statistics 29 (2011).
    """
    if len(errors) < 2:
        return 0.0
    mean = float(errors.mean())
    away = errors - mean
    alone = float(away @ away)
    together = _squares(away, users) + _squares(away, items) - alone
    chance = LEAST_DEVIATIONS**2 * max(together, alone) / len(errors) ** 2
    return mean * (1 - chance / mean**2) if chance < mean**2 else 0.0


def _squares(away: NDArray[np.float64], groups: NDArray[np.int32]) -> float:
    """Sum of the groups' squared sums, corrected for few groups; infinite for a single one."""
    n_groups = np.count_nonzero(np.bincount(groups))
    if n_groups < 2:
        return np.inf
    return float(np.sum(np.bincount(groups, away) ** 2)) * n_groups / (n_groups - 1)
