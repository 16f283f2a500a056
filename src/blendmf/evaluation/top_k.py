"""The best items of each row of scores, selected in compiled code."""

import numpy as np
from numpy.typing import NDArray


def top_k(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
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
    from blendmf.evaluation.selection import select  # Numba takes a third of a second to import

    lists: NDArray[np.int64] = select(np.ascontiguousarray(scores, dtype=np.float32), k)
    return lists


def compile_kernel() -> None:
    """Compile the selection into Numba's cache on disk, before a job needs it."""
    top_k(np.zeros((1, 1), dtype=np.float32), 1)
