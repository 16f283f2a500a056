"""What of the future a split lets the training part know."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pandas as pd

PAIR = ["user_id", "item_id"]

COLUMNS = [*PAIR, "timestamp"]
"""What the audit reads of each table."""


class Question(NamedTuple):
    """What is asked of the rows of one table, in one sentence."""

    table: str
    meaning: str


QUESTIONS = {
    "test_older_than_training_of_item": Question(
        "test",
        "Test ratings that are older than some training rating of the same item, so that its "
        "parameters know what others thought of it later.",
    ),
    "test_older_than_training_of_user": Question(
        "test",
        "Test ratings that are older than some training rating of the same user, so that the "
        "user's own future is learned from.",
    ),
    "test_item_known_only_from_future": Question(
        "test",
        "Test ratings of items that have training ratings, all of which are newer: when the "
        "test rating was given, the item was cold.",
    ),
    "test_item_cold": Question(
        "test",
        "Test ratings of items without any training rating.",
    ),
    "validation_item_cold": Question(
        "validation",
        "Validation ratings of items without any training rating.",
    ),
    "test_older_than_newest_training": Question(
        "test",
        "Test ratings that are older than the newest training rating of anyone; 0 only where "
        "one moment divides training from test.",
    ),
    "tags_on_pairs_rated_by_author": Question(
        "tags",
        "Tags on items that their author rated, in whichever part: they may say what the "
        "rating says.",
    ),
    "tags_on_test_pairs": Question(
        "tags",
        "Tags on items that their author rated in the test part: text by the very person "
        "whose rating of that item is to be predicted.",
    ),
    "tags_after_training_of_author": Question(
        "tags",
        "Tags written after their author's last training rating; authors without training "
        "ratings count as none.",
    ),
}


def leakage(
    train: Iterable[pd.DataFrame],
    validation: Iterable[pd.DataFrame],
    test: Iterable[pd.DataFrame],
    tags: pd.DataFrame,
) -> dict[str, dict[str, Any]]:
    """Audit a split for knowledge that training has and a recommender of the time had not.

    Older means an earlier timestamp; ratings of the same second are not older.

    Parameters
    ----------
    train, validation, test : iterable of DataFrame
        The parts, each in one block of rows or more; columns ``user_id, item_id, timestamp``.
    tags : DataFrame
        The same columns; may be empty.

    Returns
    -------
    dict
        For each of `QUESTIONS` ``numerator``, ``denominator``, ``share`` (None where the
        denominator is 0) and ``meaning``, one sentence.
    """
    blocks = [(_extremes(b, "item_id"), _extremes(b, "user_id"), _by(tags, b)) for b in train]
    items, users, rated = map(list, zip(*blocks, strict=True))
    of_item, newest_of_user = _merged(items), _merged(users)["max"]
    newest = of_item["max"].max()

    rows, holds = Counter(tags=len(tags)), Counter[str]()
    for block in validation:
        rows["validation"] += len(block)
        holds["validation_item_cold"] += _count(~block["item_id"].isin(of_item.index))
        rated.append(_by(tags, block))
    rated_in_test = []
    for block in test:
        rows["test"] += len(block)
        item, written = block["item_id"], block["timestamp"]
        holds["test_older_than_training_of_item"] += _count(written < item.map(of_item["max"]))
        holds["test_item_known_only_from_future"] += _count(written < item.map(of_item["min"]))
        holds["test_item_cold"] += _count(~item.isin(of_item.index))
        newest_of_own = block["user_id"].map(newest_of_user)
        holds["test_older_than_training_of_user"] += _count(written < newest_of_own)
        holds["test_older_than_newest_training"] += _count(written < newest)
        rated_in_test.append(_by(tags, block))
    newest_of_author = tags["user_id"].map(newest_of_user).astype("float64")
    holds["tags_after_training_of_author"] = _count(tags["timestamp"] > newest_of_author)
    holds["tags_on_test_pairs"] = _count_pairs_of(tags, rated_in_test)
    holds["tags_on_pairs_rated_by_author"] = _count_pairs_of(tags, [*rated, *rated_in_test])
    return {
        name: {
            "numerator": holds[name],
            "denominator": rows[table],
            "share": holds[name] / rows[table] if rows[table] else None,
            "meaning": meaning,
        }
        for name, (table, meaning) in QUESTIONS.items()
    }


def _extremes(block: pd.DataFrame, key: str) -> pd.DataFrame:
    """First and last timestamp of each value of a column."""
    return block.groupby(key)["timestamp"].agg(["min", "max"])


def _merged(extremes: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(extremes).groupby(level=0).agg({"min": "min", "max": "max"})


def _by(tags: pd.DataFrame, block: pd.DataFrame) -> pd.DataFrame:
    """Users and items of the ratings by authors of tags."""
    return block.loc[block["user_id"].isin(tags["user_id"]), PAIR]


def _count(holds: "pd.Series[bool]") -> int:
    return int(holds.sum())


def _count_pairs_of(tags: pd.DataFrame, rated: Sequence[pd.DataFrame]) -> int:
    """Count the tags on a (user, item) pair that is rated."""
    pairs = pd.MultiIndex.from_frame(pd.concat(rated))
    return int(pd.MultiIndex.from_frame(tags[PAIR]).isin(pairs).sum())
