"""Scoring another system's predictions with the code that scores this project's own models."""

import numpy as np
from numpy.typing import NDArray

from blendmf.data.observations import Observations
from blendmf.evaluation.ranking import RankedLists, places, ranking_metrics
from blendmf.evaluation.rating import rating_metrics


def rating_errors(
    scores: NDArray[np.float64], test: Observations, rating_range: tuple[float, float]
) -> dict[str, float]:
    """``rmse`` and ``mae`` over all test ratings of predictions clipped to the rating range.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Predicted rating of each test pair.
    """
    error = np.clip(scores, *rating_range) - test.ratings
    rated = np.bincount(test.users)
    sums = (np.bincount(test.users, values).astype(float) for values in (error**2, np.abs(error)))
    squared, absolute = (of_user[rated > 0] for of_user in sums)
    metrics = rating_metrics(squared, absolute, rated[rated > 0])
    return {name: float(metrics[name]) for name in ("rmse", "mae")}


def rated_precision_recall(
    scores: NDArray[np.float64],
    test: Observations,
    k: int,
    relevance_threshold: float,
    ties: NDArray[np.integer] | None = None,
) -> dict[str, float]:
    """``precision`` and ``recall`` at k of the protocol ``rated``, averaged over users.

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
    return {name: float(metrics[f"{name}_at_k"].mean()) for name in ("precision", "recall")}
