"""What of the future a split lets the training part know."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PAIR = ["user_id", "item_id"]


def leakage(
    train: pd.DataFrame, validation: pd.DataFrame, test: pd.DataFrame, tags: pd.DataFrame
) -> dict[str, dict[str, Any]]:
    """Audit a split for knowledge that training has and a recommender of the time had not.

    Older means an earlier timestamp; ratings of the same second are not older.

    Parameters
    ----------
    train, validation, test : DataFrame
        The parts; columns ``user_id, item_id, timestamp``.
    tags : DataFrame
        Columns ``user_id, item_id, timestamp``; may be empty.

    Returns
    -------
    dict
        For each question ``numerator``, ``denominator``, ``share`` (None where the denominator is
        0) and ``meaning``, one sentence.
    """
    of_item = train.groupby("item_id")["timestamp"].agg(["min", "max"])
    newest_of_user = train.groupby("user_id")["timestamp"].max()
    written = test["timestamp"]
    rated = pd.concat([part[PAIR] for part in (train, validation, test)])
    return {
        "test_older_than_training_of_item": _finding(
            written < test["item_id"].map(of_item["max"]),
            "Test ratings that are older than some training rating of the same item, so that its "
            "parameters know what others thought of it later.",
        ),
        "test_older_than_training_of_user": _finding(
            written < test["user_id"].map(newest_of_user),
            "Test ratings that are older than some training rating of the same user, so that the "
            "user's own future is learned from.",
        ),
        "test_item_known_only_from_future": _finding(
            written < test["item_id"].map(of_item["min"]),
            "Test ratings of items that have training ratings, all of which are newer: when the "
            "test rating was given, the item was cold.",
        ),
        "test_item_cold": _finding(
            ~test["item_id"].isin(of_item.index),
            "Test ratings of items without any training rating.",
        ),
        "validation_item_cold": _finding(
            ~validation["item_id"].isin(of_item.index),
            "Validation ratings of items without any training rating.",
        ),
        "test_older_than_newest_training": _finding(
            written < train["timestamp"].max(),
            "Test ratings that are older than the newest training rating of anyone; 0 only where "
            "one moment divides training from test.",
        ),
        "tags_on_pairs_rated_by_author": _finding(
            _is_pair_of(tags, rated),
            "Tags on items that their author rated, in whichever part: they may say what the "
            "rating says.",
        ),
        "tags_on_test_pairs": _finding(
            _is_pair_of(tags, test),
            "Tags on items that their author rated in the test part: text by the very person "
            "whose rating of that item is to be predicted.",
        ),
        "tags_after_training_of_author": _finding(
            tags["timestamp"] > tags["user_id"].map(newest_of_user).astype(np.float64),
            "Tags written after their author's last training rating; authors without training "
            "ratings count as none.",
        ),
    }


def _is_pair_of(table: pd.DataFrame, others: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows of `table` have a (user, item) pair that `others` has."""
    return pd.MultiIndex.from_frame(table[PAIR]).isin(pd.MultiIndex.from_frame(others[PAIR]))


def _finding(holds: "pd.Series[bool] | NDArray[np.bool_]", meaning: str) -> dict[str, Any]:
    numerator, denominator = int(np.count_nonzero(holds)), len(holds)
    return {
        "numerator": numerator,
        "denominator": denominator,
        "share": numerator / denominator if denominator else None,
        "meaning": meaning,
    }
