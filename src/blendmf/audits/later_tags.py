"""Tags that were written after the rating that they help to predict, and by whom."""

from collections import Counter
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class LaterTags:
    """Counts how often tags inform test ratings, and how often from the ratings' future.

    A tag informs every test rating of the item that it is on: one use for each of them. Uses are
    counted by searching sorted moments, since there may be far more of them than tags and ratings.

    Parameters
    ----------
    tags : DataFrame
        Columns ``user_id, item_id, timestamp``; may be empty.
    """

    def __init__(self, tags: pd.DataFrame) -> None:
        self._authors = pd.Index(tags["user_id"].unique())
        self._by_item = _Moments.of(tags["item_id"], tags["timestamp"])
        self._by_pair = _Moments.of(self._pairs(tags), tags["timestamp"])

    def count(self, test: pd.DataFrame) -> "Counter[str]":
        """Uses of the tags by a block of test ratings.

        Parameters
        ----------
        test : DataFrame
            Columns ``user_id, item_id, timestamp``.

        Returns
        -------
        Counter
            ``uses``; of these, ``later``: the tag is newer than the rating, and was written
            ``by_own_user``, the one whose rating is tested, or ``by_others``; ``rows``: test
            ratings with a later tag on their item.
        """
        uses, later = self._by_item.on_and_newer(test["item_id"], test["timestamp"])
        own = test[test["user_id"].isin(self._authors).to_numpy() & (later > 0)]
        _, by_own_user = self._by_pair.on_and_newer(self._pairs(own), own["timestamp"])
        return Counter(
            uses=int(uses.sum()),
            later=int(later.sum()),
            by_own_user=int(by_own_user.sum()),
            by_others=int(later.sum() - by_own_user.sum()),
            rows=int(np.count_nonzero(later)),
        )

    def _pairs(self, rows: pd.DataFrame) -> pd.Series:
        """Number of the author and the item of each row, both of which have tags."""
        items = self._by_item.groups
        author = self._authors.get_indexer(pd.Index(rows["user_id"])).astype(np.int64)
        return pd.Series(author * len(items) + items.get_indexer(pd.Index(rows["item_id"])))


class _Moments(NamedTuple):
    """Moments of tags by what they are on, in one sorted array.

    Attributes
    ----------
    groups : Index
        What tags are on.
    moments : ndarray of int64
        All moments at which a tag was written, in order.
    keys : ndarray of int64, of shape (n_tags,)
        Sorted: the number of the tag's group, times the number of moments, plus that of its own.
    """

    groups: pd.Index
    moments: NDArray[np.int64]
    keys: NDArray[np.int64]

    @classmethod
    def of(cls, on: pd.Series, timestamps: pd.Series) -> "_Moments":
        codes, groups = pd.factorize(on)
        moments, places = np.unique(timestamps.to_numpy(dtype=np.int64), return_inverse=True)
        keys = np.sort(codes.astype(np.int64) * len(moments) + places)
        return cls(pd.Index(groups), moments, keys)

    def on_and_newer(
        self, on: pd.Series, timestamps: pd.Series
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Tags on each of some groups, and those of them that are newer than some moments."""
        group = self.groups.get_indexer(pd.Index(on)).astype(np.int64)
        first = group * len(self.moments)
        newer = np.searchsorted(self.moments, timestamps.to_numpy(dtype=np.int64), side="right")
        starts, after, ends = (
            np.searchsorted(self.keys, bound)
            for bound in (first, first + newer, first + len(self.moments))
        )
        known = group >= 0
        return np.where(known, ends - starts, 0), np.where(known, ends - after, 0)
