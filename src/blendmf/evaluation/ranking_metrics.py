"""Ranked lists and their metrics, for all users of a block at once.

A ranked list enters the metrics as its *hits*: a boolean array of shape (m, k) that is True where
the item at that place of the user's list is relevant. A list shorter than k ends in False. A user
without relevant items counts 0 in every metric.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hits = NDArray[np.bool_]
Counts = NDArray[np.int64]
PerUser = NDArray[np.float64]

METRICS = (
    "precision_at_k",
    "precision_at_min_k_n",
    "recall_at_k",
    "ndcg_at_k",
    "map_at_k",
    "mrr",
    "hit_rate_at_k",
)


@dataclass(frozen=True, eq=False)
class RankedLists:
    """What the metrics need of the ranked lists of m users.

    Attributes
    ----------
    hits : ndarray of bool, of shape (m, k)
        True where the item at that place is relevant.
    n_relevant, n_candidates : ndarray of int64, of shape (m,)
        Relevant items of each user, listed or not, and items that could have been listed.
    """

    hits: Hits
    n_relevant: Counts
    n_candidates: Counts


def places(
    rows: NDArray[np.integer], items: NDArray[np.integer], scores: NDArray[np.floating]
) -> NDArray[np.int64]:
    """Place of each (row, item) pair in its row's list, from 0, best score first.

    Equal scores are ordered by item position, lowest first.

    Parameters
    ----------
    rows, items, scores : ndarray of shape (n,)
        The pairs, in any order.

    Returns
    -------
    ndarray of int64, of shape (n,)
    """
    order = np.lexsort((items, -scores, rows))
    place = np.empty(len(order), dtype=np.int64)
    sorted_rows = rows[order]
    place[order] = np.arange(len(order)) - np.searchsorted(sorted_rows, sorted_rows)
    return place


def top_k(scores: NDArray[np.floating], k: int) -> NDArray[np.int64]:
    """Positions of the k best items of each row, best first.

    Equal scores are ordered by item position, lowest first, also where the list is cut.

    Parameters
    ----------
    scores : ndarray of shape (m, n_items)
        Free of NaN; -inf keeps an item out of the list.
    k : int
        At least 1; may exceed the number of items.

    Returns
    -------
    ndarray of int64, of shape (m, k)
        -1 after the end of a list that has fewer than k items.
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
    """Mark the scores of each row that reach `last`, leaving out equal ones after `kept`."""
    better, tied = scores > last, scores == last
    room = kept - np.count_nonzero(better, axis=1, keepdims=True)
    fits: NDArray[np.bool_] = better | (tied & (np.cumsum(tied, axis=1, dtype=np.int32) <= room))
    return fits


def precision_at_k(hits: Hits) -> PerUser:
    """Hits among the first k, divided by k even where fewer items could be listed."""
    return np.asarray(hits.mean(axis=1))


def precision_at_min_k_n(hits: Hits, n_candidates: Counts) -> PerUser:
    """Hits among the first k, divided by k or the number of candidates, whichever is less."""
    return _ratio(hits.sum(axis=1), np.minimum(hits.shape[1], n_candidates))


def recall_at_k(hits: Hits, n_relevant: Counts) -> PerUser:
    """Hits among the first k, divided by the number of relevant items."""
    return _ratio(hits.sum(axis=1), n_relevant)


def ndcg_at_k(hits: Hits, n_relevant: Counts) -> PerUser:
    """Normalised discounted cumulative gain of the first k, with binary gain.

    A hit at place j (from 1) gains 1 / log2(j + 1); the ideal list has its min(k, n_relevant) hits
    first.

    References
    ----------
    K. Jarvelin and J. Kekalainen, "Cumulated gain-based evaluation of IR techniques",
    ACM TOIS 20(4), 2002.
    """
    k = hits.shape[1]
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    # Both sums run from the first place to the last, so that an ideal list has exactly 1.
    gain = np.cumsum(hits * discount, axis=1)[:, -1]
    ideal = np.concatenate([[0.0], np.cumsum(discount)])
    return _ratio(gain, ideal[np.minimum(k, n_relevant)])


def map_at_k(hits: Hits, n_relevant: Counts) -> PerUser:
    """Average precision of the first k: the precision at each hit, over min(k, n_relevant)."""
    k = hits.shape[1]
    precision = np.cumsum(hits, axis=1) / np.arange(1, k + 1)
    return _ratio((hits * precision).sum(axis=1), np.minimum(k, n_relevant))


def mrr(hits: Hits) -> PerUser:
    """Reciprocal of the first hit's place (from 1), 0 where none of the first k is a hit."""
    return np.asarray(hits.any(axis=1) / (hits.argmax(axis=1) + 1))


def hit_rate_at_k(hits: Hits) -> PerUser:
    """1 where any of the first k is a hit, else 0."""
    return np.asarray(hits.any(axis=1), dtype=np.float64)


def ranking_metrics(lists: RankedLists) -> dict[str, PerUser]:
    """All metrics of each user's list.

    Returns
    -------
    dict from each name in `METRICS` to an ndarray of shape (m,), each value in [0, 1]
    """
    hits, n_relevant = lists.hits, lists.n_relevant
    values = (
        precision_at_k(hits),
        precision_at_min_k_n(hits, lists.n_candidates),
        recall_at_k(hits, n_relevant),
        ndcg_at_k(hits, n_relevant),
        map_at_k(hits, n_relevant),
        mrr(hits),
        hit_rate_at_k(hits),
    )
    return dict(zip(METRICS, values, strict=True))


def _ratio(total: NDArray[np.number], of: NDArray[np.number]) -> PerUser:
    """Quotient, 0 where the divisor is."""
    quotient = np.zeros(len(total))
    np.divide(total, of, out=quotient, where=of > 0)
    return quotient
