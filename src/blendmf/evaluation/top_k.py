"""The best items of each row of scores, without sorting whole rows."""

import numpy as np
from numpy.typing import NDArray


def top_k(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Positions of the k best items of each row, best first.

    Equal scores are ordered by item position, lowest first, also where the list is cut. NumPy's
    selection finds the k-th best score of a row in time linear in its items; only what reaches it
    is sorted.

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
    reaching = scores > -np.inf
    if k < n_items:
        place = n_items - k
        reaching &= scores >= np.partition(scores, place, axis=1)[:, place, None]
    rows, items = np.nonzero(reaching)
    order = np.lexsort((items, -scores[rows, items], rows))
    rows, items = rows[order], items[order]
    ranks = np.arange(len(rows)) - np.searchsorted(rows, rows)
    listed = ranks < k
    lists = np.full((n_rows, k), -1, dtype=np.int64)
    lists[rows[listed], ranks[listed]] = items[listed]
    return lists
