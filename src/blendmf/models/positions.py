"""Positions in the index of users or items, of which some may be unknown."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Positions = NDArray[np.int64]


def known_positions(given: ArrayLike, size: int) -> tuple[Positions, NDArray[np.bool_]]:
    """Positions safe to index with, and which of them are known, each of shape (n,).

    Parameters
    ----------
    given : int or array of int, of shape (n,)
        Positions; one that is negative or past the end is unknown, and becomes 0.
    size : int
        Of the index.
    """
    positions = np.atleast_1d(np.asarray(given, dtype=np.int64))
    known = (positions >= 0) & (positions < size)
    return np.where(known, positions, 0), known
