"""Item-item nearest neighbours on what the biases leave of the ratings."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from blendmf.common.files import PathLike, read_arrays, write_arrays
from blendmf.models.baselines import fit_bias
from blendmf.models.factor_model import FactorModel
from blendmf.models.item_similarity import neighbour_weights
from blendmf.models.observations import Observations

SCORES_PER_BLOCK = 2**21
"""Scores that `score_pairs` computes at a time: all items for some of the users."""

MATRICES = ("residuals", "weights")


@dataclass(frozen=True, eq=False)
class ItemNeighboursModel:
    """The biases, and the weighted mean of the user's residuals on the item's neighbours.

    The score of user u and item i is, over the neighbours j of i that u has rated,

        b_ui + sum_j w_ij (r_uj - b_uj) / (shrinkage + sum_j w_ij),

    and b_ui where there are none. A user or item outside the index has no residuals and
    falls back on what remains of the biases: b_i, then mu.

    Attributes
    ----------
    bias : FactorModel
        mu, b_u and b_i.
    residuals : csr_array of float32, of shape (n_users, n_items)
        Training ratings minus mu + b_u + b_i.
    weights : csr_array of float32, of shape (n_items, n_items)
        Column i holds the weights w_ij, above 0, of the neighbours j of item i.
    shrinkage : float
        Weight of a neighbour with no residual that each mean includes.
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
        """Scores of pairs as `score_users` has them, of shape (n,)."""
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

    def score_all(self, user: int) -> NDArray[np.float32]:
        """Scores of all items for one user, of shape (n_items,)."""
        return self.score_users([user])[0]

    def save(self, path: PathLike) -> None:
        """Write biases, residuals and weights to one ``.npz`` file that needs no pickle."""
        arrays = {
            "kind": np.array(self.kind),
            "shape": np.array([self.n_users, self.n_items]),
            "rating_range": np.array(self.bias.rating_range),
            "global_mean": np.array(self.bias.global_mean),
            "shrinkage": np.array(self.shrinkage),
        }
        for name in ("user_bias", "item_bias"):
            arrays[name] = getattr(self.bias, name)
        for name in MATRICES:
            for part in ("data", "indices", "indptr"):
                arrays[f"{name}.{part}"] = getattr(getattr(self, name), part)
        write_arrays(path, arrays)

    @classmethod
    def load(cls, path: PathLike) -> "ItemNeighboursModel":
        """Read a model that `save` wrote."""
        arrays = read_arrays(path)
        n_users, n_items = (int(n) for n in arrays["shape"])
        low, high = (float(r) for r in arrays["rating_range"])
        bias = FactorModel(
            n_users,
            n_items,
            (low, high),
            float(arrays["global_mean"]),
            arrays["user_bias"],
            arrays["item_bias"],
        )
        residuals, weights = (
            sp.csr_array(
                tuple(arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr")),
                shape=(n_rows, n_items),
            )
            for name, n_rows in zip(MATRICES, (n_users, n_items), strict=True)
        )
        return cls(bias, residuals, weights, float(arrays["shrinkage"]))

    def _offsets(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """What the neighbours add to the biases, for known users, of shape (m, n_items)."""
        residuals = self.residuals[users]
        # One product for both sums: the real parts add up the weighted residuals, the imaginary
        # parts the weights of the rated neighbours.
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
    """Biases by alternating ridge solutions, and each item's most similar items.

    Parameters
    ----------
    neighbours : int
        Neighbours that an item has at most, ties with the last one aside.
    similarity_shrinkage : float
        Pseudo-count of common raters at no correlation, at least 0.
    neighbour_shrinkage : float
        Pseudo-count of typical neighbours (of mean weight) with no residual, at least 0.
    amplification : float
        Power of the similarity that weighs a neighbour; above 1, similar ones count more.
    user_shrinkage, item_shrinkage : float
        Of the biases, as `fit_bias` has them.

    Notes
    -----
    An item's neighbourhood is the same for every user. Taking each user's own k most similar
    rated items instead is no more accurate where the mean is shrunken, and much dearer.

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
