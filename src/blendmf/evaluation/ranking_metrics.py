"""Ranked lists, and the metrics of many of them at once: one value in [0, 1] for each list.

A list of a user without relevant items has the value 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RankedLists:
    """Ranked lists of m users, as the metrics need them.

    Attributes
    ----------
    hits : ndarray of bool, of shape (m, k)
        Whether the item at each place is relevant; False after the end of a shorter list.
    n_relevant, n_candidates : ndarray of int64, of shape (m,)
        Each user's number of relevant items, listed or not, and of items that could be listed.
    """

    hits: NDArray[np.bool_]
    n_relevant: NDArray[np.int64]
    n_candidates: NDArray[np.int64]

    @property
    def k(self) -> int:
        """Length of the lists."""
        return self.hits.shape[1]


def places(
    rows: NDArray[np.integer], items: NDArray[np.integer], scores: NDArray[np.floating]
) -> NDArray[np.int64]:
    """Place of each (row, item) pair in its row's list, from 0, best score first.

    Equal scores are ordered by item position, lowest first. All arrays have shape (n,) and may be
    in any order.
    """
    order = np.lexsort((items, -scores, rows))
    place = np.empty(len(order), dtype=np.int64)
    sorted_rows = rows[order]
    place[order] = np.arange(len(order)) - np.searchsorted(sorted_rows, sorted_rows)
    return place


def top_k(scores: NDArray[np.floating], k: int) -> NDArray[np.int64]:
    """Positions of the k best items of each row, best first.

    Equal scores are ordered by item position, lowest first, also at the end of the list.

    Parameters
    ----------
    scores : ndarray of shape (m, n_items)
        Without NaN; -inf excludes an item.
    k : int
        At least 1; may exceed the number of items.

    Returns
    -------
    ndarray of int64, of shape (m, k)
        -1 after the end of a list with fewer than k items.
    """
    n_rows, n_items = scores.shape
    kept = min(k, n_items)
    last = np.partition(scores, n_items - kept, axis=1)[:, n_items - kept, None]
    last[last == -np.inf] = np.finfo(scores.dtype).min
    chosen = scores >= last
    crowded = np.flatnonzero(np.count_nonzero(chosen, axis=1) > kept)
    if len(crowded):
        chosen[crowded] = _without_late_ties(scores[crowded], last[crowded], kept)
    rows, items = np.nonzero(chosen)

    lists = np.full((n_rows, k), -1, dtype=np.int64)
    lists[rows, places(rows, items, scores[rows, items])] = items
    return lists


def _without_late_ties(
    scores: NDArray[np.floating], last: NDArray[np.floating], kept: int
) -> NDArray[np.bool_]:
    """Mark the `kept` best scores of each row; of those equal to `last`, the first ones."""
    better, tied = scores > last, scores == last
    room = kept - np.count_nonzero(better, axis=1, keepdims=True)
    fits: NDArray[np.bool_] = better | (tied & (np.cumsum(tied, axis=1, dtype=np.int32) <= room))
    return fits


def precision_at_k(lists: RankedLists) -> Values:
    """Hits / k, also if fewer items could be listed."""
    return np.asarray(lists.hits.mean(axis=1))


def precision_at_min_k_n(lists: RankedLists) -> Values:
    """Hits / min(k, n_candidates)."""
    return ratio(lists.hits.sum(axis=1), np.minimum(lists.k, lists.n_candidates))


def recall_at_k(lists: RankedLists) -> Values:
    """Hits / n_relevant."""
    return ratio(lists.hits.sum(axis=1), lists.n_relevant)


def ndcg_at_k(lists: RankedLists) -> Values:
    """Normalised discounted cumulative gain with binary gain.

    A hit at place j (from 1) gains 1 / log2(j + 1); the ideal list starts with min(k, n_relevant)
    hits.

    References
    ----------
    K. Jarvelin and J. Kekalainen, "Cumulated gain-based evaluation of IR techniques",
    ACM TOIS 20(4), 2002.
    """
    discount = 1.0 / np.log2(np.arange(2, lists.k + 2))
    # Both sums add in the same order, so that an ideal list has exactly 1.
    gain = np.cumsum(lists.hits * discount, axis=1)[:, -1]
    ideal = np.concatenate([[0.0], np.cumsum(discount)])
    return ratio(gain, ideal[np.minimum(lists.k, lists.n_relevant)])


def map_at_k(lists: RankedLists) -> Values:
    """Sum of the precision at each hit / min(k, n_relevant)."""
    precision = np.cumsum(lists.hits, axis=1) / np.arange(1, lists.k + 1)
    return ratio((lists.hits * precision).sum(axis=1), np.minimum(lists.k, lists.n_relevant))


def mrr(lists: RankedLists) -> Values:
    """1 / place of the first hit, 0 without hits."""
    return ratio(hit_rate_at_k(lists), lists.hits.argmax(axis=1) + 1)


def hit_rate_at_k(lists: RankedLists) -> Values:
    """1 with a hit, otherwise 0."""
    return np.asarray(lists.hits.any(axis=1), dtype=np.float64)


def ratio(total: NDArray[np.number], of: NDArray[np.number]) -> Values:
    """Quotient; 0 where the divisor is 0."""
    quotient = np.zeros(len(total))
    np.divide(total, of, out=quotient, where=of > 0)
    return quotient


def count_listed(lists: NDArray[np.int32], n_items: int) -> NDArray[np.int64]:
    """Number of lists that contain each item, of shape (n_items,); -1 marks an empty position."""
    return np.bincount(lists[lists >= 0], minlength=n_items)


def catalogue_metrics(
    times_listed: NDArray[np.int64], n_train: NDArray[np.int64], n_train_users: int
) -> dict[str, float | int]:
    """Coverage of the catalogue by the lists, and novelty of the listed items.

    Parameters
    ----------
    times_listed, n_train : ndarray of int64, of shape (n_items,)
        Number of lists that contain each item, and number of the item's training ratings.
    n_train_users : int
        Number of users with a training rating.

    Returns
    -------
    dict
        ``coverage`` is the share of the ``n_items`` items that are in some list
        (``n_items_listed``). ``novelty`` is the mean self-information in bits over the
        ``n_listed`` places of all lists: -log2((n + 1) / (N + 1)) for an item with ratings by n
        of the N training users; 0 if all rated it, finite if nobody did.

    References
    ----------
    T. Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems",
    PNAS 107(10), 2010 (self-information, here with add-one smoothing).
    """
    information = np.log2(n_train_users + 1) - np.log2(n_train + 1)
    n_items, n_items_listed = len(times_listed), int(np.count_nonzero(times_listed))
    n_listed = int(times_listed.sum())
    return {
        "coverage": n_items_listed / n_items,
        "novelty": float(times_listed @ information) / max(1, n_listed),
        "n_items": n_items,
        "n_items_listed": n_items_listed,
        "n_listed": n_listed,
    }
