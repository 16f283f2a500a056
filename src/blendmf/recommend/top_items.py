"""The items that a model would show each user next."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.common.job_log import progress
from blendmf.evaluation.ranked_lists import SCORES_PER_BLOCK, unseen_scores
from blendmf.evaluation.ranking_metrics import top_k
from blendmf.models.model import Model, UncertainModel

LEVEL = 0.9
"""Probability with which the interval of a predicted rating holds it."""


def recommend(
    model: Model,
    train: sp.csr_array,
    validation: sp.csr_array,
    users: pd.DataFrame,
    items: pd.DataFrame,
    n: int,
    positions: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """Best unseen items of every user, or of some.

    Parameters
    ----------
    model : Model
    train, validation : csr_array of shape (n_users, n_items)
        What users have rated before; it is not recommended again.
    users : DataFrame
        Row u is user u; column ``user_id``.
    items : DataFrame
        Row i is item i; columns ``item_id`` and ``title``.
    n : int
        Items per user, at least 1.
    positions : ndarray of int64, of shape (m,), optional
        Rows of `users` to recommend to; None for all.

    Returns
    -------
    DataFrame
        ``user_id``, ``rank`` (from 1), ``item_id``, ``title``, ``score`` (what is ranked by),
        ``predicted_rating`` (clipped to the rating range; NaN where the model predicts none), and
        ``rating_low`` and ``rating_high``, between which the rating will be with 90 % probability
        (NaN where the model does not say). A user with fewer than n unseen items has fewer rows.
    """
    rows = max(1, SCORES_PER_BLOCK // len(items))
    if positions is None:
        positions = np.arange(len(users))
    blocks = [positions[start : start + rows] for start in range(0, len(positions), rows)]
    tables = [
        top_unseen(model, block, (train[block], validation[block]), n)
        for block in progress(blocks, "user blocks")
    ]
    top = pd.concat(tables, ignore_index=True)
    item = items[["item_id", "title"]].take(top["item"].to_numpy()).reset_index(drop=True)
    user_id = users["user_id"].take(top["user"].to_numpy()).reset_index(drop=True)
    figures = ["score", "predicted_rating", "rating_low", "rating_high"]
    columns = ["user_id", "rank", "item_id", "title", *figures]
    return pd.concat([user_id, item, top[["rank", *figures]]], axis=1)[columns]


def top_unseen(
    model: Model, users: NDArray[np.int64], seen: Sequence[sp.csr_array], n: int
) -> pd.DataFrame:
    """Best items of some users, by position, without those that they have seen.

    Parameters
    ----------
    model : Model
    users : ndarray of int64, of shape (m,)
        Positions; the model says what it does for an unknown one.
    seen : sequence of csr_array of shape (m, n_items)
        Row j holds ratings of ``users[j]``.
    n : int
        Items per user, at least 1.

    Returns
    -------
    DataFrame
        ``user``, ``rank``, ``item``, ``score``, ``predicted_rating``, ``rating_low``,
        ``rating_high``; equal scores are ranked by item position.
    """
    scores = unseen_scores(model, users, seen)
    lists = top_k(scores, n)
    row, place = np.nonzero(lists >= 0)
    item = lists[row, place]
    user = users[row]
    predicted = model.predict(user, item) if model.predicts_ratings else np.nan
    ends = np.full((2, len(user)), np.nan)
    if isinstance(model, UncertainModel):
        ends[:] = model.intervals(user, item, LEVEL)
    return pd.DataFrame(
        {
            "user": user,
            "rank": place + 1,
            "item": item,
            "score": scores[row, item],
            "predicted_rating": predicted,
            "rating_low": ends[0],
            "rating_high": ends[1],
        }
    )
