"""How alike items are: shrunken correlations of their ratings, and the best neighbours of each."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

ENTRIES_PER_BLOCK = 2**18
"""Entries of a dense matrix that is held at a time: all users, or all items, for some items."""

LEAST_ITEMS = 16
"""Items of such a matrix at least; fewer would not use the processor's vectors."""


def neighbour_weights(
    residuals: sp.csr_array, neighbours: int, shrinkage: float, amplification: float = 1.0
) -> sp.csr_array:
    """Weights of each item's most similar items: similarities to a power, 1 in the mean.

    Items that are not alike, with a similarity of 0 or less, are no neighbours.

    Parameters
    ----------
    residuals : csr_array of shape (n_users, n_items)
        What is left of the ratings; an explicit zero is a rating too.
    neighbours : int
        Neighbours of an item at most; those exactly as similar as the last one count too.
    shrinkage : float
        As `similarities` has it.
    amplification : float
        The power.

    Returns
    -------
    csr_array of float32, of shape (n_items, n_items)
        Column i holds the weights of item i's neighbours.
    """
    n_items = residuals.shape[1]
    # An item that one user alone has rated is like no other.
    rated = np.flatnonzero(np.bincount(residuals.indices, minlength=n_items) > 1)
    candidates = sp.csr_array(residuals.T)[rated]
    found = [np.zeros((3, 0))]
    block = max(LEAST_ITEMS, ENTRIES_PER_BLOCK // max(*candidates.shape, 1))
    for start in range(0, len(rated), block):
        items = np.arange(start, min(start + block, len(rated)))
        alike = similarities(candidates, items, shrinkage)
        item, neighbour = _largest_of_each_row(alike, neighbours)
        found.append(np.array([alike[item, neighbour], rated[items[item]], rated[neighbour]]))
    alike, item, neighbour = np.concatenate(found, axis=1)
    weights = alike**amplification
    weights /= weights.mean() if len(weights) else 1.0
    places = neighbour.astype(np.int32), item.astype(np.int32)
    return sp.csr_array((weights.astype(np.float32), places), shape=(n_items, n_items))


def similarities(
    residuals: sp.csr_array, items: NDArray[np.int64], shrinkage: float
) -> NDArray[np.float32]:
    """Shrunken correlations of some items with all, over the users who have rated both.

    With n_ij common raters the similarity of items i and j is

        (n_ij - 1) / (n_ij - 1 + shrinkage) * sum e_ui e_uj / sqrt(sum e_ui^2 sum e_uj^2),

    each sum over the common raters. An item is not compared with itself: its own entry is 0.

    Parameters
    ----------
    residuals : csr_array of float32, of shape (n_items, n_users)
        e, a row for each item.
    items : ndarray of int, of shape (m,)

    Returns
    -------
    ndarray of shape (m, n_items)
    """
    rated, squares = residuals.copy(), residuals.copy()
    rated.data = np.ones_like(residuals.data)
    squares.data = residuals.data**2
    # Dense on the right side: sparse times sparse takes longer, unless the items are very many.
    of_item, rated_of_item, squares_of_item = (
        np.ascontiguousarray(matrix[items].toarray().T) for matrix in (residuals, rated, squares)
    )
    norms = (rated @ squares_of_item) * (squares @ rated_of_item)
    known = (rated @ rated_of_item - 1).clip(min=0)
    norms = np.sqrt(norms) * (known + np.float32(shrinkage))
    products = (residuals @ of_item) * known
    alike = np.divide(products, norms, out=np.zeros_like(norms), where=norms > 0)
    alike[items, np.arange(len(items))] = 0.0
    return np.ascontiguousarray(alike.T)


def _largest_of_each_row(matrix: NDArray[np.float32], n: int) -> tuple[NDArray[np.intp], ...]:
    """Places of the `n` largest entries of each row that are above 0, with ties for the last."""
    if n >= matrix.shape[1]:
        return np.nonzero(matrix > 0)
    last = matrix.shape[1] - n
    least = np.partition(matrix, last, axis=1)[:, last, None]
    return np.nonzero((matrix >= least) & (matrix > 0))
