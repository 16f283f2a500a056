"""Rows dealt to threads, each row whole, so that it does not matter which thread has it."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

RATINGS_PER_TASK = 1 << 15
"""Ratings after which a thread takes up another task."""

T = TypeVar("T")


def row_tasks(indptr: NDArray[np.integer]) -> list[tuple[int, int]]:
    """Ranges of rows with about `RATINGS_PER_TASK` ratings each, all rows in turn.

    Parameters
    ----------
    indptr : ndarray of int, of shape (n + 1,)
        Where each row's ratings begin, and where the last one's end.
    """
    n_tasks = -(-int(indptr[-1]) // RATINGS_PER_TASK)
    ends = np.searchsorted(indptr, np.arange(1, n_tasks) * RATINGS_PER_TASK)
    cuts = np.unique([0, *ends, len(indptr) - 1])
    return [(int(begin), int(end)) for begin, end in pairwise(cuts)]


def in_threads(tasks: Iterable[Callable[[], T]], threads: int) -> list[T]:
    """What the tasks return, in their order."""
    if threads == 1:
        return [task() for task in tasks]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda task: task(), tasks))
