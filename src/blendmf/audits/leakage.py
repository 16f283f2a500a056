"""What of the future a split lets the training part know."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.audits.later_tags import LaterTags
from blendmf.data.known_tags import PAIR, on_rated_pair, written_after

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

USES = {
    "after_test_rating": "Of the uses of {tags} by test ratings (each tag on an item counts once "
    "for each test rating of it), those where the tag was written after the rating.",
    "after_by_own_user": "Of the same uses, those where the later tag was written by the very "
    "user whose rating is to be predicted.",
    "after_by_others": "Of the same uses, those where the later tag was written by other users.",
    "inform_earlier_test": "Test ratings of items with any of {tags} written after the rating.",
}

TAGS = {
    "all_tags": "all tags (content.tags: all)",
    "train_only_tags": "the tags that training may know (content.tags: train-only)",
}
"""What is asked of each choice of tags, whichever of them the content is made of."""


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
        For each of `QUESTIONS`, and each of `USES` of each choice of `TAGS`, ``numerator``,
        ``denominator``, ``share`` (None where the denominator is 0) and ``meaning``, one sentence.
    """
    blocks = [(_extremes(b, "item_id"), _extremes(b, "user_id"), _by(tags, b)) for b in train]
    items, users, rated = map(list, zip(*blocks, strict=True))
    of_item, newest_of_user = _merged(items), _merged(users)["max"]
    newest = of_item["max"].max()
    in_time = ~written_after(tags, newest_of_user)
    known = tags[in_time & on_rated_pair(tags, rated)]
    uses = {"all_tags": LaterTags(tags), "train_only_tags": LaterTags(known)}
    used: dict[str, Counter[str]] = {choice: Counter() for choice in uses}

    rows, holds = Counter(tags=len(tags)), Counter[str]()
    for block in validation:
        rows["validation"] += len(block)
        holds["validation_item_cold"] += _count(~block["item_id"].isin(of_item.index))
        rated.append(_by(tags, block))
    rated_in_test = []
    for block in test:
        for choice, later in uses.items():
            used[choice] += later.count(block)
        rows["test"] += len(block)
        # Not `map`, which makes text of no rows of text, as the first block is.
        item, written = block["item_id"], block["timestamp"].to_numpy()
        of_own_item = of_item.reindex(item)
        holds["test_older_than_training_of_item"] += _count(written < of_own_item["max"])
        holds["test_item_known_only_from_future"] += _count(written < of_own_item["min"])
        holds["test_item_cold"] += _count(~item.isin(of_item.index))
        newest_of_own = newest_of_user.reindex(block["user_id"])
        holds["test_older_than_training_of_user"] += _count(written < newest_of_own)
        holds["test_older_than_newest_training"] += _count(written < newest)
        rated_in_test.append(_by(tags, block))
    has_training = tags["user_id"].isin(newest_of_user.index)
    holds["tags_after_training_of_author"] = _count(has_training & ~in_time)
    holds["tags_on_test_pairs"] = _count(on_rated_pair(tags, rated_in_test))
    holds["tags_on_pairs_rated_by_author"] = _count(on_rated_pair(tags, [*rated, *rated_in_test]))
    findings = {
        name: _finding(holds[name], rows[table], meaning)
        for name, (table, meaning) in QUESTIONS.items()
    }
    for choice, uses_of in used.items():
        findings |= _findings_on_uses(choice, uses_of, rows["test"])
    return findings


def _finding(numerator: int, denominator: int, meaning: str) -> dict[str, Any]:
    return {
        "numerator": numerator,
        "denominator": denominator,
        "share": numerator / denominator if denominator else None,
        "meaning": meaning,
    }


def _findings_on_uses(
    choice: str, counted: "Counter[str]", n_test: int
) -> dict[str, dict[str, Any]]:
    of_uses = [counted[key] for key in ("later", "by_own_user", "by_others")]
    numbers = [*((count, counted["uses"]) for count in of_uses), (counted["rows"], n_test)]
    return {
        f"{choice}_{what}": _finding(*number, meaning.format(tags=TAGS[choice]))
        for (what, meaning), number in zip(USES.items(), numbers, strict=True)
    }


def _extremes(block: pd.DataFrame, key: str) -> pd.DataFrame:
    """First and last timestamp of each value of a column."""
    return block.groupby(key)["timestamp"].agg(["min", "max"])


def _merged(extremes: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(extremes).groupby(level=0).agg({"min": "min", "max": "max"})


def _by(tags: pd.DataFrame, block: pd.DataFrame) -> pd.DataFrame:
    """Users and items of the ratings by authors of tags."""
    return block.loc[block["user_id"].isin(tags["user_id"]), PAIR]


def _count(holds: "pd.Series[bool] | NDArray[np.bool_]") -> int:
    return int(holds.sum())
