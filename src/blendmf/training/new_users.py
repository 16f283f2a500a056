"""Users that join after a fit: their parameters from their ratings, with all else as it was fitted.

The parameters x of a new user, given the ratings y, have a normal prior,

    x ~ N(m, K),   y = X x + e,   e ~ N(0, v),

in which X are the terms of the rated items. A Bayesian model has m, K and v in each draw, and its
rows are the exact conditional means of x (`UserPrior.expect`). For other factorisations, m and K
are the mean and covariance of the known users' parameters, v is the mean squared error of the known
ratings, and x is the conditional mean: a least squares solution with the penalty that the known
users imply.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.models.bayesian_factor_model import BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.item_neighbours import ItemNeighboursModel
from blendmf.models.model import Model
from blendmf.models.observations import Observations
from blendmf.models.rating_times import RatingTimes

Values = NDArray[np.float64]


def with_new_users(
    model: Model,
    known: Observations,
    ratings: Observations,
    ids: Sequence[str | int],
    seed: int,
) -> Model:
    """Model that also knows some new users, whose positions follow those of the known ones.

    No other parameter changes, and a user's parameters do not depend on the other new users.

    Parameters
    ----------
    model : Model
    known : Observations
        The ratings that the model was fitted on.
    ratings : Observations
        Ratings by the m new users, of shape (m, n_items), sorted by user; ``times`` are optional.
    ids : sequence, of length m
        The users' ids: names of the random streams of a Bayesian model.
    seed : int
        The experiment's seed.

    Raises
    ------
    UserError
        If models of this kind have no parameters of users.
    """
    match model:
        case BayesianFactorModel():
            return _expected(model, ratings, ids, seed)
        case FactorModel() if model.user_bias is not None:
            return _solved(model, known, _by_user(ratings))
        case ItemNeighboursModel():
            bias = _solved(model.bias, known, _by_user(ratings))
            users, rated = model.n_users + ratings.users.astype(np.int64), ratings.items
            left = ratings.ratings - bias.score_pairs(users, rated)
            of_new = sp.csr_array((left, (ratings.users, rated)), shape=ratings.shape)
            residuals = sp.csr_array(sp.vstack([model.residuals, of_new]), dtype=np.float32)
            return replace(model, bias=bias, residuals=residuals)
    raise UserError(
        f"a model of kind {model.kind} cannot take new users without a new fit; use one with user "
        "biases, such as bayes, mf, svd, item-neighbours or bias"
    )


RatedBy = list[tuple[NDArray[np.int64], Values, Values]]
"""Items, ratings and positions in the rating order of each user."""


def _by_user(ratings: Observations) -> RatedBy:
    ends = np.cumsum(np.bincount(ratings.users, minlength=ratings.shape[0]))
    times, positions = RatingTimes.of(ratings), np.zeros(len(ratings))
    if times is not None and ratings.times is not None:
        positions = times.positions(ratings.users, ratings.times).astype(np.float64)
    arrays = ratings.items.astype(np.int64), ratings.ratings, positions
    pieces = [np.split(array, ends[:-1]) for array in arrays]
    return [
        (items, values.astype(np.float64), at) for items, values, at in zip(*pieces, strict=True)
    ]


def _expected(
    model: BayesianFactorModel, ratings: Observations, ids: Sequence[str | int], seed: int
) -> BayesianFactorModel:
    if model.user_prior is None:
        raise UserError(
            "the model's file has no prior of new users, as those of version 0.1.0 and later have; "
            "fit it again"
        )
    multipliers = model.item_rows.astype(np.float64)
    multipliers[..., 0] = 1.0
    squares = np.einsum("sid,sie->sde", multipliers, multipliers) / model.n_items
    rows, slopes, variances = [], [], []
    for name, (items, values, order) in zip(ids, _by_user(ratings), strict=True):
        random = stream(seed, "new-user", name)
        targets = values - model.global_mean
        row, slope, variance = model.user_prior.expect(
            items, targets, order, model.item_rows, squares, random
        )
        rows.append(row)
        slopes.append(slope)
        variances.append(variance)
    new_rows = np.stack(rows, axis=1)
    known_slopes = model.user_slopes
    if known_slopes is not None:
        known_slopes = np.append(known_slopes, np.array(slopes, dtype=np.float32))
    times, effects = model.times, model.moment_effects
    if times is not None:
        new_times = RatingTimes.of(ratings) or RatingTimes.none(len(ids))
        times = times.with_users(new_times)
        if effects is not None:
            effects = np.pad(effects, [(0, 0), (0, len(new_times.seconds))])
    return replace(
        model,
        n_users=model.n_users + len(ids),
        times=times,
        moment_effects=effects,
        user_rows=np.concatenate([model.user_rows, new_rows], axis=1),
        user_variance=np.append(model.user_variance, np.array(variances, dtype=np.float32)),
        user_slopes=known_slopes,
    )


def _solved(model: FactorModel, known: Observations, by_user: RatedBy) -> FactorModel:
    """The model with each new user's bias, factors and word weights: their conditional means."""
    assert model.user_bias is not None
    rated = np.unique(known.users)
    errors = known.ratings - model.predict(known.users, known.items)
    variance = float(np.mean(errors**2))
    own = [model.user_bias[rated, None]]
    vectors = np.zeros((model.n_items, 0))
    if model.user_factors is not None and model.item_vectors is not None:
        own.append(model.user_factors[rated])
        vectors = model.item_vectors.astype(np.float64)
    dense = np.column_stack(own).astype(np.float64)
    mean, covariance = dense.mean(axis=0), np.atleast_2d(np.cov(dense.T, bias=True))
    words, word_mean, word_variance = _word_weights(model, rated)
    item_bias = np.zeros(model.n_items) if model.item_bias is None else model.item_bias
    solved: NDArray[Any] = np.empty((len(by_user), len(mean)))
    weights = np.tile(word_mean, (len(by_user), 1))
    for number, (items, ratings, _) in enumerate(by_user):
        of_items = words[items]
        present = np.unique(of_items.indices)
        design = np.column_stack(
            [np.ones(len(items)), vectors[items], of_items[:, present].toarray()]
        )
        prior = np.concatenate([mean, word_mean[present]])
        spread = np.zeros((len(prior), len(prior)))
        spread[: len(mean), : len(mean)] = covariance
        np.fill_diagonal(spread[len(mean) :, len(mean) :], word_variance[present])
        targets = ratings - model.global_mean - item_bias[items]
        found = _conditional_mean(design, targets, prior, spread, variance)
        solved[number], weights[number, present] = np.split(found, [len(mean)])
    changed: dict[str, Any] = {
        "user_bias": np.append(model.user_bias, solved[:, 0].astype(np.float32))
    }
    if model.user_factors is not None:
        factors = solved[:, 1:].astype(np.float32)
        changed["user_factors"] = np.concatenate([model.user_factors, factors])
    if model.user_content is not None:
        of_new = sp.csr_array(weights.astype(np.float32))
        changed["user_content"] = sp.csr_array(sp.vstack([model.user_content, of_new]))
    return replace(model, n_users=model.n_users + len(by_user), **changed)


def _word_weights(
    model: FactorModel, users: NDArray[np.int32]
) -> tuple[sp.csr_array, Values, Values]:
    """Words of the items that users weight, and mean and variance of the known users' weights."""
    if model.user_content is None or model.content is None:
        return sp.csr_array((model.n_items, 0)), np.zeros(0), np.zeros(0)
    known = model.user_content[users].astype(np.float64)
    mean = np.asarray(known.mean(axis=0)).ravel()
    squares = np.asarray(known.multiply(known).mean(axis=0)).ravel()
    return model.content, mean, squares - mean**2


def _conditional_mean(
    design: Values, targets: Values, mean: Values, covariance: Values, variance: float
) -> Values:
    """Mean of x given y = X x + e, in a form that allows a singular covariance."""
    gain = covariance @ design.T
    left = variance * np.eye(len(mean)) + gain @ design
    step = np.linalg.solve(left, gain @ (targets - design @ mean))
    return np.asarray(mean + step, dtype=np.float64)
