"""Best items for each user that the user has not rated."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from blendmf.common.job_log import progress
from blendmf.evaluation.ranked_lists import SCORES_PER_BLOCK, unseen_scores
from blendmf.evaluation.ranking_metrics import top_k
from blendmf.models.model import Model, UncertainModel

LEVEL = 0.9
"""Probability that the interval of a predicted rating contains the rating."""


def recommend(
    model: Model,
    rated: Sequence[sp.csr_array],
    users: pd.DataFrame,
    items: pd.DataFrame,
    n: int,
    positions: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """Recommend items to all or some users.

    Parameters
    ----------
    model : Model
    rated : sequence of csr_array, of shape (n_users, n_items)
        Ratings of each part; what a user has rated is not recommended.
    users : DataFrame
        Row u is user u; column ``user_id``.
    items : DataFrame
        Row i is item i; columns ``item_id`` and ``title``.
    n : int
        Items per user, at least 1.
    positions : ndarray of int64, of shape (m,), optional
        Rows of `users` to recommend to; default: all.

    Returns
    -------
    DataFrame
        ``user_id``, ``rank`` (from 1), ``item_id``, ``title``, and the values of `top_unseen`. A
        user with fewer than n unseen items has fewer rows.
    """
    rows = max(1, SCORES_PER_BLOCK // len(items))
    if positions is None:
        positions = np.arange(len(users))
    blocks = [positions[start : start + rows] for start in range(0, len(positions), rows)]
    tables = [
        top_unseen(model, block, [part[block] for part in rated], n)
        for block in progress(blocks, "user blocks")
    ]
    top = pd.concat(tables, ignore_index=True)
    user, item = top.pop("user").to_numpy(), top.pop("item").to_numpy()
    top.insert(0, "user_id", users["user_id"].take(user).array)
    top.insert(2, "item_id", items["item_id"].take(item).array)
    top.insert(3, "title", items["title"].take(item).array)
    return top


def top_unseen(
    model: Model, users: NDArray[np.int64], seen: Sequence[sp.csr_array], n: int
) -> pd.DataFrame:
    """Best items of some users, by position, except those that they have rated.

    Parameters
    ----------
    model : Model
    users : ndarray of int64, of shape (m,)
        Positions; -1 is an unknown user, who gets the model's fallback.
    seen : sequence of csr_array of shape (m, n_items)
        Row j holds ratings by ``users[j]``.
    n : int
        Items per user, at least 1.

    Returns
    -------
    DataFrame
        ``user``, ``rank`` (from 1; equal scores by item position), ``item``, ``score`` (unclipped),
        ``predicted_rating`` (clipped to the rating range; NaN if the model predicts none), and
        ``rating_low`` and ``rating_high``, the ends of its 90 % interval (NaN without intervals).
    """
    scores = unseen_scores(model, users, seen)
    lists = top_k(scores, min(n, scores.shape[1]))
    row, place = np.nonzero(lists >= 0)
    user, item = users[row], lists[row, place]
    low, high = interval_ends(model, user, item)
    return pd.DataFrame(
        {
            "user": user,
            "rank": place + 1,
            "item": item,
            "score": scores[row, item],
            "predicted_rating": model.predict(user, item) if model.predicts_ratings else np.nan,
            "rating_low": low,
            "rating_high": high,
        }
    )


def interval_ends(
    model: Model, users: ArrayLike, items: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends of the 90 % intervals of pairs of positions, each of shape (n,); NaN without any."""
    if isinstance(model, UncertainModel):
        return model.intervals(users, items, LEVEL)
    missing = np.full(len(np.atleast_1d(items)), np.nan)
    return missing, missing


def decimals_for(rating_range: tuple[float, float]) -> int:
    """Decimals that divide a rating range into 400 to 4,000 steps: 2 for 1 to 5, 3 for 0 to 1."""
    return max(0, 2 - math.floor(math.log10((rating_range[1] - rating_range[0]) / 4)))
