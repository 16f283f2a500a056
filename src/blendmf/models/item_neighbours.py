"""Item-based nearest neighbours on the residuals of the biases."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from blendmf.common.files import PathLike
from blendmf.models.baselines import fit_bias
from blendmf.models.factor_model import FactorModel
from blendmf.models.observations import Observations
from blendmf.models.stored import (
    COMMON,
    Layout,
    Stored,
    model_arrays,
    sparse,
    sparse_arrays,
    sparse_of,
    write_model,
)

SCORES_PER_BLOCK = 2**21
"""Maximum number of scores that `score_pairs` computes at a time (users x all items)."""

ENTRIES_PER_BLOCK = 2**18
"""Maximum number of entries of a dense work matrix (users or items x a block of items)."""

LEAST_ITEMS = 16
"""Minimum number of items in a block; fewer would waste vector instructions."""

MATRICES = ("residuals", "weights")

NEIGHBOURS_LAYOUT: Layout = {
    **COMMON,
    "global_mean": Stored("", "float64"),
    "shrinkage": Stored("", "float64", least=0),
    "user_bias": Stored("m", "float32"),
    "item_bias": Stored("n", "float32"),
    **sparse("residuals", "m", "n"),
    **sparse("weights", "n", "n"),
}


@dataclass(frozen=True, eq=False)
class ItemNeighboursModel:
    """Biases plus the weighted mean of the user's residuals on the item's neighbours.

    The score of user u and item i is, over the neighbours j of i that u rated,

        b_ui + sum_j w_ij (r_uj - b_uj) / (shrinkage + sum_j w_ij),

    and b_ui if there are none. An unknown user or item has no residuals; its score is the remaining
    bias, or mu.

    Attributes
    ----------
    bias : FactorModel
        mu, b_u and b_i.
    residuals : csr_array of float32, of shape (n_users, n_items)
        Training ratings minus mu + b_u + b_i.
    weights : csr_array of float32, of shape (n_items, n_items)
        Column i has the weights w_ij > 0 of the neighbours j of item i.
    shrinkage : float
        Weight of an additional neighbour with residual 0.
    """

    kind: ClassVar[str] = "item-neighbours"
    predicts_ratings: ClassVar[bool] = True

    bias: FactorModel
    residuals: sp.csr_array
    weights: sp.csr_array
    shrinkage: float

    @property
    def n_users(self) -> int:
        """Number of users in the index."""
        return self.bias.n_users

    @property
    def n_items(self) -> int:
        """Number of items in the index."""
        return self.bias.n_items

    def predict(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
        """Predicted ratings of pairs of positions, clipped to the rating range, of shape (n,)."""
        scores = self.score_pairs(users, items).astype(np.float64)
        return np.clip(scores, *self.bias.rating_range, out=scores)

    def score_pairs(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float32]:
        """Scores of pairs, unclipped, of shape (n,)."""
        scores = self.bias.score_pairs(users, items)
        u, i = np.broadcast_arrays(np.atleast_1d(users), np.atleast_1d(items))
        known = np.flatnonzero((u >= 0) & (u < self.n_users) & (i >= 0) & (i < self.n_items))
        by_user = known[np.argsort(u[known], kind="stable")]
        distinct, rows = np.unique(u[by_user], return_inverse=True)
        users_per_block = max(1, SCORES_PER_BLOCK // self.n_items)
        for start in range(0, len(distinct), users_per_block):
            stop = start + users_per_block
            first, last = np.searchsorted(rows, (start, stop))
            pairs = by_user[first:last]
            offsets = self._offsets(distinct[start:stop])
            scores[pairs] += offsets[rows[first:last] - start, i[pairs]]
        return scores

    def score_users(self, users: ArrayLike) -> NDArray[np.float32]:
        """Scores of all items for some users, unclipped, of shape (m, n_items)."""
        u = np.atleast_1d(np.asarray(users, dtype=np.int64))
        known = (u >= 0) & (u < self.n_users)
        scores = self.bias.score_users(u)
        scores[known] += self._offsets(u[known])
        return scores

    def save(self, path: PathLike) -> None:
        """Write biases, residuals and weights to one ``.npz`` file."""
        values = {
            "kind": self.kind,
            "shape": [self.n_users, self.n_items],
            "rating_range": self.bias.rating_range,
            "global_mean": self.bias.global_mean,
            "shrinkage": self.shrinkage,
            "user_bias": self.bias.user_bias,
            "item_bias": self.bias.item_bias,
        }
        for name in MATRICES:
            values |= sparse_arrays(name, getattr(self, name))
        write_model(path, NEIGHBOURS_LAYOUT, values)

    @classmethod
    def load(cls, path: PathLike) -> "ItemNeighboursModel":
        """Read a model written by `save`."""
        with model_arrays(path, NEIGHBOURS_LAYOUT) as arrays:
            n_users, n_items = (int(n) for n in arrays["shape"])
            low, high = (float(r) for r in arrays["rating_range"])
            biases = (arrays["user_bias"], arrays["item_bias"])
            mean = float(arrays["global_mean"])
            bias = FactorModel(n_users, n_items, (low, high), mean, *biases)
            residuals, weights = (
                sparse_of(arrays, name, (n_rows, n_items))
                for name, n_rows in zip(MATRICES, (n_users, n_items), strict=True)
            )
            return cls(bias, residuals, weights, float(arrays["shrinkage"]))

    def _offsets(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Contribution of the neighbours for known users, of shape (m, n_items)."""
        residuals = self.residuals[users]
        # One product for both sums: weighted residuals in the real part, weights in the imaginary.
        residuals.data = residuals.data + np.complex64(1j)
        sums = (residuals @ self.weights).toarray()
        totals = sums.imag + np.float32(self.shrinkage)
        return np.divide(sums.real, totals, out=np.zeros_like(totals), where=totals > 0)


def fit_item_neighbours(
    train: Observations,
    rating_range: tuple[float, float],
    *,
    neighbours: int,
    similarity_shrinkage: float,
    neighbour_shrinkage: float,
    amplification: float,
    user_shrinkage: float,
    item_shrinkage: float,
) -> ItemNeighboursModel:
    """Fit the biases and find each item's most similar items.

    Parameters
    ----------
    neighbours : int
        Maximum number of neighbours of an item; ties with the last one are kept.
    similarity_shrinkage : float
        Pseudo-count of common raters without correlation, at least 0.
    neighbour_shrinkage : float
        Pseudo-count of neighbours of mean weight with residual 0, at least 0.
    amplification : float
        Exponent of the similarity in a weight; above 1, the most similar items count more.
    user_shrinkage, item_shrinkage : float
        Pseudo-counts of the biases; see `fit_bias`.

    Notes
    -----
    An item's neighbourhood is the same for every user. Choosing the k most similar items among
    those that a user rated is much slower and, with a shrunken mean, not more accurate.

    References
    ----------
    Y. Koren, "Factor in the neighbors", ACM TKDD 4(1), 2010, section 2.2. R. Bell and Y. Koren,
    "Improved neighborhood-based collaborative filtering", KDD Cup workshop 2007, for the shrunken
    mean. J. Breese, D. Heckerman and C. Kadie, "Empirical analysis of predictive algorithms for
    collaborative filtering", UAI 1998, for case amplification.
    """
    bias = fit_bias(
        train, rating_range, user_shrinkage=user_shrinkage, item_shrinkage=item_shrinkage
    )
    left = (train.ratings - bias.score_pairs(train.users, train.items)).astype(np.float32)
    residuals = sp.csr_array((left, (train.users, train.items)), shape=train.shape)
    weights = neighbour_weights(residuals, neighbours, similarity_shrinkage, amplification)
    return ItemNeighboursModel(bias, residuals, weights, neighbour_shrinkage)


def neighbour_weights(
    residuals: sp.csr_array, neighbours: int, shrinkage: float, amplification: float = 1.0
) -> sp.csr_array:
    """Weights of each item's most similar items: powers of the similarities, with mean 1.

    Items with a similarity of 0 or less are not neighbours.

    Parameters
    ----------
    residuals : csr_array of shape (n_users, n_items)
        Residuals of the ratings; an explicit zero is a rating too.
    neighbours : int
        Maximum number of neighbours of an item; ties with the last one are kept.
    shrinkage : float
        See `similarities`.
    amplification : float
        Exponent of the similarity.

    Returns
    -------
    csr_array of float32, of shape (n_items, n_items)
        Column i has the weights of item i's neighbours.
    """
    n_items = residuals.shape[1]
    # An item with a single rating has similarity 0 to all others.
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
    """Shrunken correlations of some items with all items, over the users who rated both.

    With n_ij common raters the similarity of items i and j is

        (n_ij - 1) / (n_ij - 1 + shrinkage) * sum e_ui e_uj / sqrt(sum e_ui^2 sum e_uj^2),

    with sums over the common raters. The similarity of an item to itself is set to 0.

    Parameters
    ----------
    residuals : csr_array of float32, of shape (n_items, n_users)
        Residuals e, one row per item.
    items : ndarray of int, of shape (m,)
        Row indices.

    Returns
    -------
    ndarray of shape (m, n_items)
    """
    rated, squares = residuals.copy(), residuals.copy()
    rated.data = np.ones_like(residuals.data)
    squares.data = residuals.data**2
    # Dense right factors: sparse times sparse is slower unless there are very many items.
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
    """Row and column indices of each row's `n` largest positive entries, ties included."""
    if n >= matrix.shape[1]:
        return np.nonzero(matrix > 0)
    last = matrix.shape[1] - n
    least = np.partition(matrix, last, axis=1)[:, last, None]
    return np.nonzero((matrix >= least) & (matrix > 0))
