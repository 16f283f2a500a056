"""Drawing whole items for the validation and the test part."""

import numpy as np
from numpy.typing import NDArray

ITEMS_PER_STRATUM = 20
"""Items of like popularity that are dealt to the parts together."""


def draw_items(
    popularity: NDArray[np.int64], ends: tuple[float, float], random: np.random.Generator
) -> NDArray[np.int8]:
    """Part of each item: 0 for training, 1 for validation, 2 for test.

    The items are ordered by popularity and cut into strata of `ITEMS_PER_STRATUM`; each stratum is
    shuffled and its shares go to the parts. Every item has the same chance of being hidden, and
    since hidden items are as popular as the others, the shares hold of the ratings too, but for
    what items of one stratum differ in.

    Parameters
    ----------
    popularity : ndarray of shape (n_items,)
        Number of ratings of each item.
    ends : (float, float)
        Where training and validation end, as shares of the whole, in (0, 1).
    random : Generator

    Returns
    -------
    ndarray of int8, of shape (n_items,)
    """
    n_items = len(popularity)
    stratum = np.empty(n_items, dtype=np.int64)
    stratum[np.lexsort((random.random(n_items), -popularity))] = (
        np.arange(n_items) // ITEMS_PER_STRATUM
    )
    shuffled = np.lexsort((random.random(n_items), stratum))
    size = np.bincount(stratum)
    first = np.repeat(np.cumsum(size) - size, size)
    # The k-th of n shuffled items takes a place in [k / n, (k + 1) / n): parts get their shares of
    # each stratum up to one item, and which way that is rounded is left to chance.
    offset = np.repeat(random.random(len(size)), size)
    place = (np.arange(n_items) - first + offset) / np.repeat(size, size)
    part = np.empty(n_items, dtype=np.int8)
    part[shuffled] = np.searchsorted(ends, place, side="right")
    return part
