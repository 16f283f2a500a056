"""Tags that training may use."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

PAIR = ["user_id", "item_id"]


def tags_known_in_training(tags: pd.DataFrame, train: pd.DataFrame) -> pd.DataFrame:
    """Tags that belong to a training rating and were written before the held-out ratings.

    A tag is kept if its author rated the same item in training and wrote the tag no later than the
    author's last training rating.

    Parameters
    ----------
    tags, train : DataFrame
        Columns ``user_id, item_id, timestamp`` and any other. Training ratings by users without
        tags are not needed.
    """
    last_rating = train.groupby("user_id")["timestamp"].max()
    return tags[~written_after(tags, last_rating) & on_rated_pair(tags, [train])]


def written_after(tags: pd.DataFrame, last_rating: pd.Series) -> "pd.Series[bool]":
    """Mask of tags written after their author's last training rating, or by a user without any.

    Parameters
    ----------
    tags : DataFrame
        Columns ``user_id, timestamp``.
    last_rating : Series
        Timestamp of each user's last training rating, by user.
    """
    # Without tags, pandas would map text to text.
    latest = tags["user_id"].map(last_rating).astype(np.float64)
    return ~(tags["timestamp"] <= latest)


def on_rated_pair(tags: pd.DataFrame, rated: Iterable[pd.DataFrame]) -> "pd.Series[bool]":
    """Mask of tags on an item that their author rated.

    Parameters
    ----------
    tags : DataFrame
        Columns ``user_id, item_id``.
    rated : iterable of DataFrame
        Users and items of ratings.
    """
    pairs = pd.MultiIndex.from_frame(pd.concat([block[PAIR] for block in rated]))
    return pd.Series(pd.MultiIndex.from_frame(tags[PAIR]).isin(pairs), index=tags.index)
