"""The kernel of `top_k`, compiled by Numba."""

import numpy as np
from numba import njit


# One set of types, so that jobs that compile at the same time write the same cache.
@njit("int64[:, ::1](float32[:, ::1], int64)", cache=True, nogil=True)
def select(scores, k):  # type: ignore[no-untyped-def]
    """One pass over each row, which inserts what beats the last of the k best so far."""
    n_rows, n_items = scores.shape
    lists = np.full((n_rows, k), -1, dtype=np.int64)
    best = np.empty(k, dtype=scores.dtype)
    for row in range(n_rows):
        best[:] = -np.inf
        for item in range(n_items):
            score = scores[row, item]
            # Items come by position, so that an equal one that comes later stays behind.
            if score > best[k - 1]:
                place = k - 1
                while place > 0 and score > best[place - 1]:
                    best[place] = best[place - 1]
                    lists[row, place] = lists[row, place - 1]
                    place -= 1
                best[place] = score
                lists[row, place] = item
    return lists
