"""What lists show of the catalogue: how many of its items, and how little known ones."""

import numpy as np
from numpy.typing import NDArray


def count_listed(lists: NDArray[np.int32], n_items: int) -> NDArray[np.int64]:
    """In how many lists each item is, of shape (n_items,); -1 is no item."""
    return np.bincount(lists[lists >= 0], minlength=n_items)


def catalogue_metrics(
    times_listed: NDArray[np.int64], n_train: NDArray[np.int64], n_train_users: int
) -> dict[str, float | int]:
    """How much of the catalogue the lists show, and how little known it is.

    Parameters
    ----------
    times_listed, n_train : ndarray of int64, of shape (n_items,)
        Lists that each item is in, and training users who rated it.
    n_train_users : int
        Users with a training rating.

    Returns
    -------
    dict
        ``coverage`` is the share of the ``n_items`` items that are in some list
        (``n_items_listed``). ``novelty`` is the mean self-information in bits over the
        ``n_listed`` places of all lists: -log2((n + 1) / (N + 1)) for an item that n of the N
        training users rated, 0 where all did, finite where none did.

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
