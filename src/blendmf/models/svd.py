"""Truncated singular value decomposition: of bias-centred ratings, and of raw ratings (PureSVD)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from blendmf.common.errors import UserError
from blendmf.models.baselines import fit_bias
from blendmf.models.factor_model import FactorModel
from blendmf.models.observations import Observations


def singular_triplets(
    matrix: sp.csr_array, rank: int, random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Leading singular triplets of a sparse matrix, largest singular value first.

    Parameters
    ----------
    matrix : csr_array of shape (m, n)
    rank : int
        Number of triplets, at least 1 and below min(m, n).
    random : Generator
        Draws the solver's start vector.

    Returns
    -------
    U, s, Vt : ndarray of shape (m, rank), (rank,), (rank, n)
        Signs are chosen so that the largest entry of each left vector is positive.

    Raises
    ------
    UserError
        If the matrix is too small for the rank.
    """
    from scipy.sparse.linalg import svds  # takes 0.1 s to load; no other model needs it

    if not 1 <= rank < min(matrix.shape):
        raise UserError(
            f"a truncated SVD of a {matrix.shape[0]} x {matrix.shape[1]} matrix has rank 1 to "
            f"{min(matrix.shape) - 1}, not {rank}; change svd.ranks, or the "
            "model's rank or its space"
        )
    if not matrix.count_nonzero():  # the solver fails on a zero matrix
        return np.zeros((matrix.shape[0], rank)), np.zeros(rank), np.zeros((rank, matrix.shape[1]))
    start = random.standard_normal(min(matrix.shape))
    U, s, Vt = svds(matrix.astype(np.float64, copy=False), k=rank, v0=start)
    order = np.argsort(s)[::-1]
    U, s, Vt = U[:, order], s[order], Vt[order]
    signs = np.sign(U[np.abs(U).argmax(axis=0), np.arange(rank)])
    return U * signs, s, Vt * signs[:, None]


def fit_svd(
    train: Observations,
    rating_range: tuple[float, float],
    rank: int,
    random: np.random.Generator,
    user_shrinkage: float,
    item_shrinkage: float,
) -> FactorModel:
    """mu + b_u + b_i plus the best rank-k approximation of the residuals (0 if unrated).

    The residual matrix R - mu - b_u - b_i has an entry for each training rating and zero
    elsewhere; with its truncated SVD U S Vt, p_u = U_u sqrt(S) and q_i = V_i sqrt(S).

    Parameters
    ----------
    rank : int
        k, at least 1 and below the numbers of users and items.
    random : Generator
        Draws the solver's start vector.
    user_shrinkage, item_shrinkage : float
        Pseudo-counts of the biases; see `fit_bias`.

    References
    ----------
    P. Cremonesi, Y. Koren, R. Turrin, "Performance of recommender algorithms on top-N
    recommendation tasks", RecSys 2010 (PureSVD, here on centred ratings).
    """
    bias = fit_bias(train, rating_range, user_shrinkage, item_shrinkage)
    residuals = train.ratings - _unclipped(bias, train)
    matrix = sp.csr_array((residuals, (train.users, train.items)), shape=train.shape)
    U, s, Vt = singular_triplets(matrix, rank, random)
    user_factors, item_factors = _factors(U, s, Vt)
    return replace(bias, user_factors=user_factors, item_factors=item_factors)


def best_rank(model: FactorModel, validation: Observations, ranks: Sequence[int]) -> int:
    """The rank with the lowest validation RMSE; ties go to the smallest rank.

    Parameters
    ----------
    model : FactorModel
        An SVD of rank max(ranks).
    """
    errors = [_squared_error(truncated(model, rank), validation) for rank in sorted(ranks)]
    return sorted(ranks)[int(np.argmin(errors))]


def truncated(model: FactorModel, rank: int) -> FactorModel:
    """The model with its first `rank` factors."""
    assert model.user_factors is not None
    assert model.item_factors is not None
    return replace(
        model,
        user_factors=model.user_factors[:, :rank],
        item_factors=model.item_factors[:, :rank],
    )


def _unclipped(bias: FactorModel, train: Observations) -> NDArray[np.float64]:
    assert bias.user_bias is not None
    assert bias.item_bias is not None
    own = bias.user_bias[train.users].astype(np.float64) + bias.item_bias[train.items]
    return own + bias.global_mean


def _squared_error(model: FactorModel, part: Observations) -> float:
    errors = model.predict(part.users, part.items) - part.ratings
    return float(errors @ errors)


def _factors(
    U: NDArray[np.float64], s: NDArray[np.float64], Vt: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """User and item factors whose products are U S Vt."""
    root = np.sqrt(s)
    return (U * root).astype(np.float32), (Vt.T * root).astype(np.float32)


@dataclass(frozen=True, eq=False)
class PureSvdModel(FactorModel):
    """Ranks items by p_u . q_i alone; predicts no rating.

    The global mean is 0 and there are no biases, so that an unknown user or item scores 0.
    """

    kind: ClassVar[str] = "pure-svd"
    predicts_ratings: ClassVar[bool] = False

    def predict(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
        """Unclipped scores of pairs in double precision, of shape (n,)."""
        return self.score_pairs(users, items).astype(np.float64)


def fit_pure_svd(
    train: Observations, rating_range: tuple[float, float], rank: int, random: np.random.Generator
) -> PureSvdModel:
    """Best rank-k approximation of the matrix of ratings, with 0 for unrated items.

    Ratings are moved so that the lowest possible one is a quarter of the range above 0, as for
    stars from 1 to 5; the model then does not depend on their scale. With the truncated SVD
    U S Vt, p_u = U_u sqrt(S) and q_i = V_i sqrt(S), so that the scores of a user are the projection
    r_u V Vt of the user's ratings.

    Parameters
    ----------
    rank : int
        k, at least 1 and below the numbers of users and items.
    random : Generator
        Draws the solver's start vector.

    References
    ----------
    P. Cremonesi, Y. Koren, R. Turrin, "Performance of recommender algorithms on top-N
    recommendation tasks", RecSys 2010.
    """
    low, high = rating_range
    moved = replace(train, ratings=train.ratings - np.float32(low - (high - low) / 4))
    U, s, Vt = singular_triplets(moved.to_matrix(), rank, random)
    return PureSvdModel(*train.shape, rating_range, 0.0, None, None, *_factors(U, s, Vt))
