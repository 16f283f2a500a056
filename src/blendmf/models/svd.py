"""Truncated singular value decomposition of the bias-centred ratings."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.models.baselines import fit_bias
from blendmf.models.factor_model import FactorModel
from blendmf.models.observations import Observations


def singular_triplets(
    matrix: sp.csr_array, rank: int, random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Leading singular triplets of a sparse matrix, the largest singular value first.

    Parameters
    ----------
    matrix : csr_array of shape (m, n)
    rank : int
        How many, at least 1 and below min(m, n).
    random : Generator
        Draws the solver's start vector.

    Returns
    -------
    U, s, Vt : ndarray of shape (m, rank), (rank,), (rank, n)
        The largest entry of each left vector is positive, since the signs are otherwise free.

    Raises
    ------
    UserError
        If the matrix has no such rank to give.
    """
    from scipy.sparse.linalg import svds  # a tenth of a second that no other model needs

    if not 1 <= rank < min(matrix.shape):
        raise UserError(
            f"a truncated SVD of a {matrix.shape[0]} x {matrix.shape[1]} matrix has rank 1 to "
            f"{min(matrix.shape) - 1}, not {rank}; change svd.ranks, or the "
            "model's rank or its space"
        )
    if not matrix.count_nonzero():  # where the solver would find no direction to start from
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
    """mu + b_u + b_i plus the best rank-k approximation of what they leave, zero where unrated.

    The residual matrix R - mu - b_u - b_i has an entry for each training rating and zero
    elsewhere; with its truncated SVD U S Vt, p_u = U_u sqrt(S) and q_i = V_i sqrt(S).

    Parameters
    ----------
    rank : int
        k, at least 1 and below the number of users and of items.
    random : Generator
        Draws the solver's start vector.
    user_shrinkage, item_shrinkage : float
        Of the biases, as `fit_bias` has them.

    References
    ----------
    P. Cremonesi, Y. Koren, R. Turrin, "Performance of recommender algorithms on top-N
    recommendation tasks", RecSys 2010 (PureSVD, here on centred ratings).
    """
    bias = fit_bias(
        train, rating_range, user_shrinkage=user_shrinkage, item_shrinkage=item_shrinkage
    )
    residuals = train.ratings - _unclipped(bias, train)
    matrix = sp.csr_array((residuals, (train.users, train.items)), shape=train.shape)
    U, s, Vt = singular_triplets(matrix, rank, random)
    root = np.sqrt(s)
    return FactorModel(
        *train.shape,
        rating_range,
        bias.global_mean,
        bias.user_bias,
        bias.item_bias,
        (U * root).astype(np.float32),
        (Vt.T * root).astype(np.float32),
    )


def best_rank(model: FactorModel, validation: Observations, ranks: Sequence[int]) -> int:
    """The rank of the lowest validation RMSE, the smallest of equals.

    Parameters
    ----------
    model : FactorModel
        An SVD of the largest of the ranks; the smaller ones are its first columns.
    """
    errors = [_squared_error(truncated(model, rank), validation) for rank in sorted(ranks)]
    return sorted(ranks)[int(np.argmin(errors))]


def truncated(model: FactorModel, rank: int) -> FactorModel:
    """The same model with its first `rank` factors."""
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
