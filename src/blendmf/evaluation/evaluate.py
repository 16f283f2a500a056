"""Scores of one trained model on the held-out part."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.common.random_streams import sample
from blendmf.config.protocol import EvaluationSettings
from blendmf.evaluation.bins import strata_of
from blendmf.evaluation.metrics import ranking_metrics
from blendmf.evaluation.ranked_lists import Rankings, rank_users
from blendmf.evaluation.ranking_metrics import RankedLists, catalogue_metrics, count_listed
from blendmf.evaluation.rating_metrics import (
    interval_sums,
    prediction_errors,
    rating_metrics,
    sum_by_user,
)
from blendmf.evaluation.strata import Scored, strata_table
from blendmf.models.model import Model
from blendmf.models.observations import Observations


@dataclass(frozen=True, eq=False)
class ModelScores:
    """Scores of one model.

    Attributes
    ----------
    metrics : dict
        Blocks ``rating`` (None for a model that predicts no ratings), ``rated`` and ``full``, with
        their denominators. A ranking metric is the mean over all users with held-out ratings;
        users without relevant items count as 0. Multiply by ``n_users / n_users_with_relevant`` for
        the mean over the users with relevant items.
    per_user : DataFrame
        One row per user with held-out ratings: ``user_id``, ``n_train``, ``n_ratings``,
        ``n_relevant``, ``squared_error`` and ``absolute_error`` (sums over the user's held-out
        ratings), the sums of `interval_sums`, and each ranking metric with the prefix ``rated_``
        or ``full_``, the latter NaN for users to whom the full protocol was not applied.
    strata : DataFrame
        See `strata_table`.
    """

    metrics: dict[str, Any]
    per_user: pd.DataFrame
    strata: pd.DataFrame


def evaluate(
    model: Model,
    train: sp.csr_array,
    validation: sp.csr_array,
    test: Observations,
    items: pd.DataFrame,
    users: pd.DataFrame,
    settings: EvaluationSettings,
    seed: int,
    years: NDArray[np.int64] | None = None,
) -> ModelScores:
    """Score a model on the test part.

    Parameters
    ----------
    model : Model
    train, validation : csr_array of shape (n_users, n_items)
        Known ratings; the full protocol does not list their items.
    test : Observations
    items : DataFrame
        Row i is item i; column ``n_train``, its number of training ratings.
    users : DataFrame
        Row u is user u; column ``user_id``.
    settings : EvaluationSettings
        With a threshold of relevance.
    seed : int
        The experiment's seed; draws the users of the full protocol, the same for every model.
    years : ndarray of int64, of shape (n,), optional
        Calendar year of each held-out rating, in the order of `test`; without it the stratum
        ``year`` is omitted.

    Raises
    ------
    UserError
        If the test part is empty.
    ValueError
        If the model's scores are not finite or its predictions are NaN.
    """
    if len(test) == 0:
        raise UserError(
            "the test part has no ratings, so there is nothing to evaluate: "
            "lower split.train, split.validation or split.min_ratings in the configuration"
        )
    assert settings.relevance_threshold is not None
    k, threshold = settings.k, float(settings.relevance_threshold)
    n_train_of_item = items["n_train"].to_numpy()
    n_train_of_user = np.diff(train.indptr).astype(np.int64)
    full_users = sample(np.unique(test.users), settings.full_users, seed, "full_users")
    rankings = rank_users(model, (train, validation), test, k, threshold, full_users=full_users)
    rated, full = ranking_metrics(rankings.rated), ranking_metrics(rankings.full)
    errors, within = prediction_errors(model, test), interval_sums(model, test)

    scored_users = rankings.rated.users
    per_user = pd.DataFrame(
        {
            "user_id": users["user_id"].to_numpy()[scored_users],
            "n_train": n_train_of_user[scored_users],
            "n_ratings": rankings.rated.n_candidates,
            "n_relevant": rankings.rated.n_relevant,
            "squared_error": sum_by_user(test.users, errors**2, len(users))[scored_users],
            "absolute_error": sum_by_user(test.users, np.abs(errors), len(users))[scored_users],
            **{name: sums[scored_users] for name, sums in within.items()},
            **{f"rated_{name}": values for name, values in rated.items()},
            **{f"full_{name}": _among(rankings, values) for name, values in full.items()},
        }
    )
    sums = (per_user[c].to_numpy() for c in ("squared_error", "absolute_error", "n_ratings"))
    stated = {"k": k, "relevance_threshold": threshold}
    metrics = {
        "rating": rating_metrics(*sums) if model.predicts_ratings else None,
        "rated": stated | _means(rated) | _counts(rankings.rated),
        "full": stated
        | _means(full)
        | _counts(rankings.full)
        | catalogue_metrics(
            count_listed(rankings.full_items, len(items)),
            n_train_of_item,
            int(np.count_nonzero(n_train_of_user)),
        ),
    }
    is_relevant = test.ratings >= threshold
    scored = Scored(test, is_relevant, errors, rankings, n_train_of_user, n_train_of_item)
    strata = strata_of(test, n_train_of_user, n_train_of_item, years)
    return ModelScores(metrics, per_user, strata_table(scored, strata))


def _among(rankings: Rankings, of_full_users: NDArray[np.float64]) -> NDArray[np.float64]:
    """Expand values of the full protocol's users to all users; NaN for the others."""
    values = np.full(len(rankings.rated.users), np.nan)
    values[np.searchsorted(rankings.rated.users, rankings.full.users)] = of_full_users
    return values


def _means(metrics: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    return {name: float(values.mean()) for name, values in metrics.items()}


def _counts(lists: RankedLists) -> dict[str, float | int]:
    n_users, n_with_relevant = len(lists.n_relevant), int(np.count_nonzero(lists.n_relevant))
    k = lists.hits.shape[1]
    return {
        "n_users": n_users,
        "n_users_with_relevant": n_with_relevant,
        "n_users_without_relevant": n_users - n_with_relevant,
        "n_candidates_mean": float(lists.n_candidates.mean()),
        "n_users_with_up_to_k_candidates": int(np.count_nonzero(lists.n_candidates <= k)),
        "relevant_share": float(lists.n_relevant.sum() / lists.n_candidates.sum()),
    }
