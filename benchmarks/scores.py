"""Scoring another system's predictions with the code that scores this project's own models."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blendmf.evaluation.ranking_metrics import RankedLists, places, ranking_metrics
from blendmf.evaluation.rating_metrics import rating_metrics
from blendmf.models.observations import Observations

Values = NDArray[np.float64]


class UserErrors(NamedTuple):
    """Sums over each user's test ratings, and how many there are, each of shape (m,)."""

    squared: Values
    absolute: Values
    n_ratings: NDArray[np.int64]


def user_errors(
    scores: Values, test: Observations, rating_range: tuple[float, float]
) -> UserErrors:
    """Errors of predictions clipped to the rating range, of the users with test ratings.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Predicted rating of each test pair.
    """
    error = np.clip(scores, *rating_range) - test.ratings
    rated = np.bincount(test.users)
    sums = (np.bincount(test.users, values).astype(float) for values in (error**2, np.abs(error)))
    squared, absolute = (of_user[rated > 0] for of_user in sums)
    return UserErrors(squared, absolute, rated[rated > 0])


def rating_errors(
    scores: Values, test: Observations, rating_range: tuple[float, float]
) -> dict[str, float]:
    """``rmse`` and ``mae`` over all test ratings; parameters as `user_errors` has them."""
    metrics = rating_metrics(*user_errors(scores, test, rating_range))
    return {name: float(metrics[name]) for name in ("rmse", "mae")}


def user_precision_recall(
    scores: Values,
    test: Observations,
    k: int,
    relevance_threshold: float,
    ties: NDArray[np.integer] | None = None,
) -> dict[str, Values]:
    """``precision`` and ``recall`` at k of the protocol ``rated``, each of shape (m,).

    Of the users with test ratings, in ascending order.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        What each test pair is ranked by, unclipped.
    k : int
    relevance_threshold : float
        A rating of at least this much is relevant.
    ties : ndarray of shape (n,), optional
        Pairs of equal scores are ranked by this, lowest first; by default by item position.
    """
    users, rows = np.unique(test.users, return_inverse=True)
    relevant = test.ratings >= relevance_threshold
    place = places(rows, test.items if ties is None else ties, scores)
    listed = place < k
    hits = np.zeros((len(users), k), dtype=np.bool_)
    hits[rows[listed], place[listed]] = relevant[listed]
    n_relevant = np.bincount(rows[relevant], minlength=len(users))
    metrics = ranking_metrics(RankedLists(hits, n_relevant, np.bincount(rows)))
    return {name: metrics[f"{name}_at_k"] for name in ("precision", "recall")}


def rated_precision_recall(
    scores: Values,
    test: Observations,
    k: int,
    relevance_threshold: float,
    ties: NDArray[np.integer] | None = None,
) -> dict[str, float]:
    """The same averaged over the users; parameters as `user_precision_recall` has them."""
    of_users = user_precision_recall(scores, test, k, relevance_threshold, ties)
    return {name: float(values.mean()) for name, values in of_users.items()}
