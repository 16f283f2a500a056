"""Leakage audit of a split: future information in the training part and in the tags."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.data.splits import PAIR, on_rated_pair, written_after

MOMENTS = [*PAIR, "timestamp"]
"""Columns that the audit reads from each table."""

QUESTIONS = {
    "test_older_than_training_of_item": (
        "test",
        "Test ratings that are older than some training rating of the same item, so that its "
        "parameters know what others thought of it later.",
    ),
    "test_older_than_training_of_user": (
        "test",
        "Test ratings that are older than some training rating of the same user, so that the "
        "user's own future is learned from.",
    ),
    "test_item_known_only_from_future": (
        "test",
        "Test ratings of items that have training ratings, all of which are newer: when the "
        "test rating was given, the item was cold.",
    ),
    "test_item_cold": ("test", "Test ratings of items without any training rating."),
    "validation_item_cold": (
        "validation",
        "Validation ratings of items without any training rating.",
    ),
    "test_older_than_newest_training": (
        "test",
        "Test ratings that are older than the newest training rating of anyone; 0 only where "
        "one moment divides training from test.",
    ),
    "tags_on_pairs_rated_by_author": (
        "tags",
        "Tags on items that their author rated, in whichever part: they may say what the "
        "rating says.",
    ),
    "tags_on_test_pairs": (
        "tags",
        "Tags on items that their author rated in the test part: text by the very person "
        "whose rating of that item is to be predicted.",
    ),
    "tags_after_training_of_author": (
        "tags",
        "Tags written after their author's last training rating; authors without training "
        "ratings count as none.",
    ),
}
"""Table whose rows each question counts, and the question in a sentence of ``leakage.json``."""

USES = {
    "after_test_rating": "Of the uses of {tags} by test ratings (each tag on an item counts once "
    "for each test rating of it), those where the tag was written after the rating.",
    "after_by_own_user": "Of the same uses, those where the later tag was written by the very "
    "user whose rating is to be predicted.",
    "after_by_others": "Of the same uses, those where the later tag was written by other users.",
    "inform_earlier_test": "Test ratings of items with any of {tags} written after the rating.",
}
"""Questions about the uses of a choice of tags."""

TAGS = {
    "all_tags": "all tags (content.tags: all)",
    "train_only_tags": "the tags that training may know (content.tags: train-only)",
}
"""Choices of tags. Both are audited, whichever the content uses."""


def leakage(
    train: Iterable[pd.DataFrame],
    validation: Iterable[pd.DataFrame],
    test: Iterable[pd.DataFrame],
    tags: pd.DataFrame,
) -> dict[str, dict[str, Any]]:
    """Count training information that was not available at the time of the test ratings.

    Older means a smaller timestamp; ratings of the same second are not older.

    Parameters
    ----------
    train, validation, test : iterable of DataFrame
        Each part in one or more blocks of rows; columns `MOMENTS`, like `tags`, which may be empty.

    Returns
    -------
    dict
        For each of `QUESTIONS`, and each of `USES` of each of `TAGS`: ``numerator``,
        ``denominator``, ``share`` (None if the denominator is 0) and ``meaning``, a sentence.
    """
    blocks = [(_extremes(b, "item_id"), _extremes(b, "user_id"), _by(tags, b)) for b in train]
    items, users, rated = map(list, zip(*blocks, strict=True))
    of_item, newest_of_user = _merged(items), _merged(users)["max"]
    newest = of_item["max"].max()
    in_time = ~written_after(tags, newest_of_user)
    known = tags[in_time & on_rated_pair(tags, rated)]
    choices = {"all_tags": LaterTags(tags), "train_only_tags": LaterTags(known)}
    uses: dict[str, Counter[str]] = {choice: Counter() for choice in choices}

    n_rows, found = Counter(tags=len(tags)), Counter[str]()
    for block in validation:
        n_rows["validation"] += len(block)
        found["validation_item_cold"] += _count(~block["item_id"].isin(of_item.index))
        rated.append(_by(tags, block))
    rated_in_test = []
    for block in test:
        for choice, later_tags in choices.items():
            uses[choice] += later_tags.count(block)
        n_rows["test"] += len(block)
        # `reindex`, because `map` turns an empty block of text ids into text.
        item, written = block["item_id"], block["timestamp"].to_numpy()
        of_own_item = of_item.reindex(item)
        found["test_older_than_training_of_item"] += _count(written < of_own_item["max"])
        found["test_item_known_only_from_future"] += _count(written < of_own_item["min"])
        found["test_item_cold"] += _count(~item.isin(of_item.index))
        newest_of_own = newest_of_user.reindex(block["user_id"])
        found["test_older_than_training_of_user"] += _count(written < newest_of_own)
        found["test_older_than_newest_training"] += _count(written < newest)
        rated_in_test.append(_by(tags, block))
    has_training = tags["user_id"].isin(newest_of_user.index)
    found["tags_after_training_of_author"] = _count(has_training & ~in_time)
    found["tags_on_test_pairs"] = _count(on_rated_pair(tags, rated_in_test))
    found["tags_on_pairs_rated_by_author"] = _count(on_rated_pair(tags, [*rated, *rated_in_test]))
    findings = {
        name: _finding(found[name], n_rows[table], meaning)
        for name, (table, meaning) in QUESTIONS.items()
    }
    for choice, n in uses.items():
        for use, meaning in USES.items():
            total = n_rows["test"] if use == "inform_earlier_test" else n["uses"]
            text = meaning.format(tags=TAGS[choice])
            findings[f"{choice}_{use}"] = _finding(n[use], total, text)
    return findings


class LaterTags:
    """Count uses of tags by test ratings, and those in which the tag is newer than the rating.

    A tag is used once by every test rating of its item. The number of uses may be far greater than
    that of tags and ratings, so they are counted by binary search. Tags have the columns `MOMENTS`.
    """

    def __init__(self, tags: pd.DataFrame) -> None:
        self._authors = pd.Index(tags["user_id"].unique())
        self._by_item = _SortedMoments.of(tags["item_id"], tags["timestamp"])
        self._by_pair = _SortedMoments.of(self._pairs(tags), tags["timestamp"])

    def count(self, test: pd.DataFrame) -> "Counter[str]":
        """Count `USES`, and all ``uses``, by a block of test ratings with columns `MOMENTS`."""
        uses, later = self._by_item.count_later(test["item_id"], test["timestamp"])
        own = test[test["user_id"].isin(self._authors).to_numpy() & (later > 0)]
        _, by_own_user = self._by_pair.count_later(self._pairs(own), own["timestamp"])
        return Counter(
            uses=int(uses.sum()),
            after_test_rating=int(later.sum()),
            after_by_own_user=int(by_own_user.sum()),
            after_by_others=int(later.sum() - by_own_user.sum()),
            inform_earlier_test=int(np.count_nonzero(later)),
        )

    def _pairs(self, rows: pd.DataFrame) -> pd.Series:
        """Number each row's pair of author and item; both must have tags."""
        items = self._by_item.groups
        author = self._authors.get_indexer(pd.Index(rows["user_id"])).astype(np.int64)
        return pd.Series(author * len(items) + items.get_indexer(pd.Index(rows["item_id"])))


class _SortedMoments(NamedTuple):
    """Timestamps by group, in one sorted array.

    `keys`, of shape (n,), holds the group's number times ``len(moments)`` plus the timestamp's
    index in `moments`, the sorted distinct timestamps.
    """

    groups: pd.Index
    moments: NDArray[np.int64]
    keys: NDArray[np.int64]

    @classmethod
    def of(cls, groups: pd.Series, timestamps: pd.Series) -> "_SortedMoments":
        codes, distinct = pd.factorize(groups)
        moments, indices = np.unique(timestamps.to_numpy(dtype=np.int64), return_inverse=True)
        keys = np.sort(codes.astype(np.int64) * len(moments) + indices)
        return cls(pd.Index(distinct), moments, keys)

    def count_later(
        self, groups: pd.Series, timestamps: pd.Series
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each query row, count the group's timestamps, and those after the row's own."""
        group = self.groups.get_indexer(pd.Index(groups)).astype(np.int64)
        first = group * len(self.moments)
        newer = np.searchsorted(self.moments, timestamps.to_numpy(dtype=np.int64), side="right")
        starts, after, ends = (
            np.searchsorted(self.keys, bound)
            for bound in (first, first + newer, first + len(self.moments))
        )
        known = group >= 0
        return np.where(known, ends - starts, 0), np.where(known, ends - after, 0)


def _finding(numerator: int, denominator: int, meaning: str) -> dict[str, Any]:
    return {
        "numerator": numerator,
        "denominator": denominator,
        "share": numerator / denominator if denominator else None,
        "meaning": meaning,
    }


def _extremes(block: pd.DataFrame, key: str) -> pd.DataFrame:
    """First and last timestamp of each value of a column."""
    return block.groupby(key)["timestamp"].agg(["min", "max"])


def _merged(extremes: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(extremes).groupby(level=0).agg({"min": "min", "max": "max"})


def _by(tags: pd.DataFrame, block: pd.DataFrame) -> pd.DataFrame:
    """Users and items of the ratings by authors of tags."""
    return block.loc[block["user_id"].isin(tags["user_id"]), PAIR]


def _count(mask: "pd.Series[bool] | NDArray[np.bool_]") -> int:
    return int(mask.sum())
