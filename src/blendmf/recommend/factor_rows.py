"""One vector and one bias per user and item, for programs that search nearest vectors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.models.bayesian_factor_model import BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.model import Model

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FactorRows:
    """Parameters of the score mu + b_u + b_i + p_u . q_i.

    Attributes
    ----------
    global_mean : float
        mu.
    user_bias, item_bias : ndarray of shape (n_users,) and (n_items,)
        b_u and b_i; 0 in a model without biases.
    user_vectors, item_vectors : ndarray of shape (n_users, d) and (n_items, d)
        p_u, and q_i with the part that comes from the item's words.
    left_out : str
        What of the model's score these parameters do not have; empty if nothing.
    """

    global_mean: float
    user_bias: Values
    item_bias: Values
    user_vectors: Values
    item_vectors: Values
    left_out: str = ""


def factor_rows(model: Model) -> FactorRows:
    """The factors of a model.

    The draws of a Bayesian model are rotated onto the first one before their mean is taken:
    between draws, factors rotate freely. The product of two means is not the mean of the products,
    so that the scores of these rows are close to the model's, but not the same.

    Raises
    ------
    UserError
        If the model has no factors of users and items.
    """
    match model:
        case BayesianFactorModel():
            users, items = aligned_means(
                model.user_rows[..., 1:].astype(np.float64),
                model.item_rows[..., 1:].astype(np.float64),
            )
            return FactorRows(
                model.global_mean,
                model.user_rows[..., 0].mean(axis=0, dtype=np.float64),
                model.item_rows[..., 0].mean(axis=0, dtype=np.float64),
                users,
                items,
                "the spread of the draws, whose aligned means these are",
            )
        case FactorModel() if model.user_factors is not None and model.item_vectors is not None:
            return FactorRows(
                model.global_mean,
                _bias(model.user_bias, model.n_users),
                _bias(model.item_bias, model.n_items),
                model.user_factors.astype(np.float64),
                model.item_vectors.astype(np.float64),
                "" if model.user_content is None else "the users' own weights of words",
            )
    raise UserError("the model has no factors of users and items; choose another with --model")


def aligned_means(users: Values, items: Values) -> tuple[Values, Values]:
    """Means over draws of user and item factors, each draw rotated onto the first one.

    The rotation (orthogonal Procrustes) is the one after which the factors of all users and items
    are nearest to those of the first draw; it is the same for both, so that it changes no product.

    Parameters
    ----------
    users, items : ndarray of shape (s, n_users, d) and (s, n_items, d)
        Factors of s draws.
    """
    mean_users, mean_items = np.zeros_like(users[0]), np.zeros_like(items[0])
    for of_users, of_items in zip(users, items, strict=True):
        left, _, right = np.linalg.svd(of_users.T @ users[0] + of_items.T @ items[0])
        rotation = left @ right
        mean_users += of_users @ rotation / len(users)
        mean_items += of_items @ rotation / len(items)
    return mean_users, mean_items


def _bias(values: NDArray[np.float32] | None, n: int) -> Values:
    return np.zeros(n) if values is None else values.astype(np.float64)
