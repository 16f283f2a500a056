"""How much a prediction rests on each of the user's own ratings."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from blendmf.models.bayesian_factor_model import BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.item_neighbours import ItemNeighboursModel
from blendmf.models.model import Model
from blendmf.models.observations import Positions
from blendmf.models.svd import PureSvdModel

MOST_DRAWS = 20
"""Maximum number of draws, evenly spaced, over which influences are averaged."""

Values = NDArray[np.float64]

Influence = Callable[[int, Positions, Positions, Values], Values]
"""Influence of a user's ratings: ``(user, items, rated, ratings)`` to shape (k, m).

`items` are the k items that are scored and `rated` the m rated ones, with their `ratings`.
"""


def rating_influence(model: Model, penalty: float | None) -> Influence | None:
    """Influence of each of a user's ratings on scores of the user; None if nothing is learned.

    Given the items' factors, the user's factors are a linear function of the residuals
    e_j = r_uj - (all terms of the score except the factors), and rating j contributes

        factor models:      q_i . (Q' Q + n_u lambda I)^-1 q_j e_j,
        truncated SVD:      the same with the Q of all items, rated or not, and lambda = 0,
        Bayesian models:    mean_s(q_i . (sigma_u^2 I + S Q' Q)^-1 S q_j e_j),
        item neighbours:    w_ij e_j / (shrinkage + sum_j w_ij),

    where Q are the factors of the n_u rated items (with words: q_i + C_i V). In draw s of a
    Bayesian model, S is the covariance of all users' factors, their mean m belongs to the other
    terms (m . q_j), and sigma_u^2 is the variance of the user's noise. The influences of all
    ratings add up to p_u . q_i if the user's factors are optimal for the items': exactly for an SVD
    and item neighbours, and for ALS given the items of the last half sweep; approximately for SGD,
    which stops early, and on average over the draws. Drift of the ratings is ignored.

    Parameters
    ----------
    model : Model
    penalty : float, optional
        lambda, the L2 penalty per rating for ratings in the model's unit. None: a truncated SVD.
    """
    match model:
        case ItemNeighboursModel():
            return _of_neighbours(model)
        case BayesianFactorModel():
            return _of_draws(model)
        case FactorModel() if model.user_factors is not None and model.item_vectors is not None:
            return _of_factors(model, model.item_vectors.astype(np.float64), penalty)
    return None


def _of_factors(model: FactorModel, vectors: Values, penalty: float | None) -> Influence:
    of_all = vectors.T @ vectors
    low, high = model.rating_range
    shift = low - (high - low) / 4 if isinstance(model, PureSvdModel) else 0.0

    def influence(user: int, items: Positions, rated: Positions, ratings: Values) -> Values:
        assert model.user_factors is not None
        own = vectors[rated]
        users = np.full(len(rated), user)
        explained = own @ model.user_factors[user].astype(np.float64)
        residuals = ratings - shift - (model.score_pairs(users, rated) - explained)
        gram = of_all
        if penalty is not None:
            gram = own.T @ own + len(rated) * penalty * np.eye(own.shape[1])
        # The pseudo-inverse, since factors of rank 0 or without a penalty may be singular.
        return vectors[items] @ np.linalg.pinv(gram, hermitian=True) @ own.T * residuals

    return influence


def _of_draws(model: BayesianFactorModel) -> Influence:
    n_draws = len(model.user_rows)
    kept = np.unique(np.linspace(0, n_draws - 1, min(n_draws, MOST_DRAWS)).round().astype(int))
    user_rows = model.user_rows[kept].astype(np.float64)
    item_rows = model.item_rows[kept]
    factors = user_rows[..., 1:]
    mean = factors.mean(axis=1)
    centred = factors - mean[:, None]
    covariance = centred.transpose(0, 2, 1) @ centred / factors.shape[1]
    of_mean_user = np.einsum("sid,sd->si", item_rows[..., 1:], mean)
    of_others = model.global_mean + item_rows[..., 0] + of_mean_user
    identity = np.eye(mean.shape[1])

    def influence(user: int, items: Positions, rated: Positions, ratings: Values) -> Values:
        own = item_rows[:, rated, 1:].astype(np.float64)
        residuals = ratings - of_others[:, rated] - user_rows[:, user, :1]
        spread = covariance @ (own.transpose(0, 2, 1) @ own)
        spread += float(model.user_variance[user]) * identity
        gain = item_rows[:, items, 1:] @ np.linalg.solve(spread, covariance)
        products = (gain @ own.transpose(0, 2, 1)) * residuals[:, None, :]
        mean_of_draws: Values = products.mean(axis=0)
        return mean_of_draws

    return influence


def _of_neighbours(model: ItemNeighboursModel) -> Influence:
    by_item = model.weights.T.tocsr()

    def influence(user: int, items: Positions, rated: Positions, ratings: Values) -> Values:
        del ratings  # the model has its residuals
        residuals = model.residuals[[user]].toarray()[0, rated].astype(np.float64)
        weights = by_item[items].toarray()[:, rated].astype(np.float64)
        totals = weights.sum(axis=1, keepdims=True) + model.shrinkage
        return weights * residuals / np.where(totals > 0, totals, 1.0)

    return influence
