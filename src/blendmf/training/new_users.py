"""Users that join after a fit: their parameters from their ratings, with all else as it was fitted.

For a Bayesian model, the rows of a new user are drawn from their exact conditional distribution in
each draw (`UserPrior.draw`). For a factorisation, bias, factors and word weights minimise the
squared error plus the penalties of the fit, as one half sweep of ALS does for a user.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.config.models import Entry, ShrunkenBiases, SvdEntry, TrainedEntry
from blendmf.models.bayesian_factor_model import BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.item_neighbours import ItemNeighboursModel
from blendmf.models.model import Model
from blendmf.models.observations import Observations

Values = NDArray[np.float64]


def with_new_users(
    model: Model,
    entry: Entry,
    ratings: Observations,
    ids: Sequence[str | int],
    deviation: float,
    seed: int,
) -> Model:
    """Model that also knows some new users, whose positions follow those of the known ones.

    No other parameter changes, and a user's parameters do not depend on the other new users.

    Parameters
    ----------
    model : Model
    entry : Entry
        The settings that it was fitted with.
    ratings : Observations
        Ratings by the m new users, of shape (m, n_items); ``places`` are optional.
    ids : sequence, of length m
        The users' ids: names of the random streams of a Bayesian model.
    deviation : float
        Standard deviation of the ratings that the model was fitted on: the unit of the penalties.
    seed : int
        The experiment's seed.

    Raises
    ------
    UserError
        If models of this kind cannot take new users.
    """
    by_user = _by_user(ratings)
    match model:
        case BayesianFactorModel() if model.user_prior is not None:
            return _drawn(model, by_user, ids, seed)
        case FactorModel() if not isinstance(entry, SvdEntry) and model.user_bias is not None:
            return _solved(model, _penalties(entry, deviation), by_user)
        case ItemNeighboursModel():
            bias = _solved(model.bias, _penalties(entry, deviation), by_user)
            users, rated = np.full(len(ratings), model.n_users) + ratings.users, ratings.items
            left = ratings.ratings - bias.score_pairs(users, rated)
            of_new = sp.csr_array((left, (ratings.users, rated)), shape=ratings.shape)
            residuals = sp.csr_array(sp.vstack([model.residuals, of_new]), dtype=np.float32)
            return replace(model, bias=bias, residuals=residuals)
    raise UserError(
        f"a model of kind {entry.kind} cannot take new users without a new fit; use bayes, mf, "
        "item-neighbours or bias"
    )


RatedBy = list[tuple[NDArray[np.int64], Values, Values]]
"""Items, ratings and positions in the order of each user."""


def _by_user(ratings: Observations) -> RatedBy:
    order = np.argsort(ratings.users, kind="stable")
    ends = np.cumsum(np.bincount(ratings.users, minlength=ratings.shape[0]))
    places = np.zeros(len(ratings)) if ratings.places is None else ratings.places
    arrays = ratings.items.astype(np.int64), ratings.ratings, places.astype(np.float64)
    pieces = [np.split(array[order], ends[:-1]) for array in arrays]
    return [
        (items, values.astype(np.float64), at) for items, values, at in zip(*pieces, strict=True)
    ]


def _drawn(
    model: BayesianFactorModel, by_user: RatedBy, ids: Sequence[str | int], seed: int
) -> BayesianFactorModel:
    assert model.user_prior is not None
    rows, variances = [], []
    for name, (items, ratings, order) in zip(ids, by_user, strict=True):
        random = stream(seed, "new-user", name)
        targets = ratings - model.global_mean
        drawn, variance = model.user_prior.draw(items, targets, order, model.item_rows, random)
        rows.append(drawn)
        variances.append(variance)
    new_rows = np.stack(rows, axis=1)
    return replace(
        model,
        n_users=model.n_users + len(ids),
        user_rows=np.concatenate([model.user_rows, new_rows], axis=1),
        user_variance=np.append(model.user_variance, np.array(variances, dtype=np.float32)),
    )


def _penalties(entry: Entry, deviation: float) -> tuple[dict[str, float], bool]:
    """Penalty of each term of a user in rating units, and whether it is per rating."""
    if isinstance(entry, ShrunkenBiases):
        return {"user_bias": float(entry.user_shrinkage)}, False
    assert isinstance(entry, TrainedEntry)
    factors, bias, user_content, _ = entry.training.penalties
    terms = {"user_bias": bias, "user_factors": factors * deviation, "user_content": user_content}
    return terms, True


def _solved(
    model: FactorModel, penalties: tuple[dict[str, float], bool], by_user: RatedBy
) -> FactorModel:
    """The model with the ridge solution of each new user's terms."""
    by_term, per_rating = penalties
    assert model.user_bias is not None
    item_bias = np.zeros(model.n_items) if model.item_bias is None else model.item_bias
    blocks: dict[str, Any] = {}
    if model.user_factors is not None and model.item_vectors is not None:
        blocks["user_factors"] = model.item_vectors.astype(np.float64)
    if model.user_content is not None and model.content is not None:
        blocks["user_content"] = model.content
    sizes = [1, *(block.shape[1] for block in blocks.values())]
    penalty = np.repeat([by_term[name] for name in ("user_bias", *blocks)], sizes)
    solutions = np.zeros((len(by_user), sum(sizes)))
    for number, (items, ratings, _) in enumerate(by_user):
        dense = [block[items] for block in blocks.values()]
        design = np.column_stack(
            [np.ones(len(items)), *(b.toarray() if sp.issparse(b) else b for b in dense)]
        )
        left = ratings - model.global_mean - item_bias[items]
        weight = penalty * (len(items) if per_rating else 1)
        solutions[number] = _ridge(design, left, weight)
    bias, *others = np.split(solutions.astype(np.float32), np.cumsum(sizes)[:-1], axis=1)
    changed: dict[str, Any] = {"user_bias": np.append(model.user_bias, bias[:, 0])}
    for name, values in zip(blocks, others, strict=True):
        known = getattr(model, name)
        if sp.issparse(known):
            changed[name] = sp.csr_array(sp.vstack([known, sp.csr_array(values)]))
        else:
            changed[name] = np.concatenate([known, values])
    return replace(model, n_users=model.n_users + len(by_user), **changed)


def _ridge(design: Values, targets: Values, penalty: Values) -> Values:
    """Minimiser of |y - X x|^2 + sum_k penalty_k x_k^2; the smallest one if several.

    With more coordinates than ratings the dual form is solved, which is as small as the ratings.
    """
    n, width = design.shape
    if n < width and penalty.min() > 0:
        scaled = design / penalty
        dual: Values = scaled.T @ np.linalg.solve(design @ scaled.T + np.eye(n), targets)
        return dual
    gram = design.T @ design + np.diag(penalty)
    return np.asarray(np.linalg.lstsq(gram, design.T @ targets, rcond=None)[0], dtype=np.float64)
