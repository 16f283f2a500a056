"""What the explorer shows of its models: recommendations, fans, and held-out predictions."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from blendmf.evaluation.ranked_lists import SCORES_PER_BLOCK
from blendmf.models.model import Model, UncertainModel
from blendmf.recommend.explorer_sample import Shown
from blendmf.recommend.reasons import LEAST_SHARE, reasons_of
from blendmf.recommend.top_items import LEVEL, decimals_for, top_unseen

N_FANS = 5
"""Number of fans of an item."""

N_BINS = 8
"""Number of equal bins of the rating range in which predictions are counted."""


@dataclass(frozen=True, eq=False)
class ExplorerModel:
    """A model of the explorer.

    Attributes
    ----------
    name : str
    final : Model or None
        Fitted on all ratings, if the model recommends.
    evaluated : Model or None
        Fitted on the training part, if the model predicts ratings; its first seed.
    words : csr_array of shape (n_items, n_terms) or None
        Content that `final` was fitted with.
    penalty : float or None
        L2 penalty per rating of the factors of `final`, in rating units; None without one.
    """

    name: str
    final: Model | None
    evaluated: Model | None
    words: sp.csr_array | None = None
    penalty: float | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """Properties of the model, as the explorer states them."""
        model = self.final or self.evaluated
        return {
            "name": self.name,
            "recommends": self.final is not None,
            "predicts": model is not None and model.predicts_ratings,
            "intervals": isinstance(model, UncertainModel),
            "fitted_on": "the training part" if self.final is None else "all ratings",
        }


def rounded(values: ArrayLike, decimals: int) -> list[Any]:
    """Numbers for JSON: rounded, whole ones as integers, NaN as None."""
    exact = np.round(np.asarray(values, dtype=np.float64), decimals)
    return [
        None if math.isnan(value) else int(value) if value.is_integer() else value
        for value in exact.tolist()
    ]


def recommendations(
    model: ExplorerModel,
    shown: Shown,
    rated: sp.csr_array,
    n: int,
    rating_range: tuple[float, float],
) -> dict[str, list[Any] | None]:
    """The `n` best unrated items of each shown user, with reasons.

    Parameters
    ----------
    model : ExplorerModel
        One that recommends.
    shown : Shown
    rated : csr_array of shape (m, n_items)
        All ratings by the shown users.
    n : int
    rating_range : (float, float)
    """
    assert model.final is not None
    decimals = decimals_for(rating_range)
    top = _top(model.final, shown, rated, n)
    index = shown.index_of_item
    reasons = reasons_of(
        model.final,
        top["user"].to_numpy(),
        top["item"].to_numpy(),
        rated[np.unique(np.searchsorted(shown.users, top["user"]))],
        index,
        words=model.words,
        penalty=model.penalty,
        decimals=decimals,
        least=LEAST_SHARE * (rating_range[1] - rating_range[0]),
    )
    rows = np.searchsorted(top["user"].to_numpy(), [*shown.users, shown.n_users])
    listed = index[top["item"].to_numpy()] >= 0

    def by_user(values: list[Any]) -> list[list[Any]]:
        return [
            [values[n] for n in range(start, end) if listed[n]] for start, end in pairwise(rows)
        ]

    has_intervals = isinstance(model.final, UncertainModel)
    value = "predicted_rating" if model.final.predicts_ratings else "score"
    return {
        "item": by_user(index[top["item"].to_numpy()].tolist()),
        "predicted": by_user(rounded(top[value], decimals)),
        "low": by_user(rounded(top["rating_low"], decimals)) if has_intervals else None,
        "high": by_user(rounded(top["rating_high"], decimals)) if has_intervals else None,
        "reasons": by_user([[list(reason) for reason in of_pair] for of_pair in reasons]),
    }


def _top(model: Model, shown: Shown, rated: sp.csr_array, n: int) -> pd.DataFrame:
    """Best unrated items of the shown users, all items considered, as `top_unseen` gives them."""
    rows = max(1, SCORES_PER_BLOCK // shown.n_items)
    blocks = [slice(start, start + rows) for start in range(0, len(shown.users), rows)]
    tables = [top_unseen(model, shown.users[block], [rated[block]], n) for block in blocks]
    return pd.concat(tables, ignore_index=True)


def shown_scores(model: Model, shown: Shown) -> NDArray[np.float32]:
    """Unclipped scores of shown users and items, of shape (m, k), computed in blocks."""
    scores = np.empty((len(shown.users), len(shown.items)), dtype=np.float32)
    rows = max(1, SCORES_PER_BLOCK // shown.n_items)
    for start in range(0, len(shown.users), rows):
        block = slice(start, start + rows)
        scores[block] = model.score_users(shown.users[block])[:, shown.items]
    return scores


def fans(
    model: Model,
    shown: Shown,
    scores: NDArray[np.float32],
    rated: sp.csr_array,
    decimals: int,
) -> list[list[tuple[int, float]]]:
    """Per item, the users who have not rated it with the highest scores, and their predictions.

    Parameters
    ----------
    model : Model
        One that predicts ratings.
    shown : Shown
    scores : ndarray of shape (m, k)
        See `shown_scores`.
    rated : csr_array of shape (m, n_items)
    """
    seen = rated[:, shown.items]
    left = scores.T.copy()
    rows, columns = sp.coo_array(seen).coords
    left[columns, rows] = -np.inf
    best = np.argsort(-left, axis=1, kind="stable")[:, :N_FANS]
    item, place = np.nonzero(np.isfinite(np.take_along_axis(left, best, axis=1)))
    users = best[item, place]
    predicted = rounded(model.predict(shown.users[users], shown.items[item]), decimals)
    found: list[list[tuple[int, float]]] = [[] for _ in shown.items]
    for i, user, prediction in zip(item, users.tolist(), predicted, strict=True):
        found[i].append((user, prediction))
    return found


def counts_of_predictions(
    scores: NDArray[np.float32], rating_range: tuple[float, float]
) -> list[list[int]]:
    """Per item, the numbers of users in `N_BINS` equal bins of the predicted rating.

    A prediction on the border of two bins counts in the upper one.
    """
    low, high = rating_range
    share = (np.clip(scores, low, high) - low) / (high - low)
    bins = np.minimum((N_BINS * share).astype(np.int64), N_BINS - 1)
    n_items = scores.shape[1]
    flat = np.bincount((N_BINS * np.arange(n_items) + bins).ravel(), minlength=N_BINS * n_items)
    counts: list[list[int]] = flat.reshape(n_items, N_BINS).tolist()
    return counts


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Held-out ratings of shown users and items.

    Attributes
    ----------
    users, items : ndarray of int64, of shape (n,)
        Indexes among the shown ones.
    ratings : ndarray of shape (n,)
    decimals : int
        Decimals of predictions and errors.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    ratings: NDArray[np.float64]
    decimals: int


def held_out_predictions(
    model: Model, shown: Shown, held_out: HeldOut
) -> tuple[list[Any], tuple[list[Any], list[Any]] | None]:
    """Predictions of the held-out ratings, and the ends of their intervals if there are any."""
    users, items = shown.users[held_out.users], shown.items[held_out.items]
    predicted = rounded(model.predict(users, items), held_out.decimals)
    if not isinstance(model, UncertainModel):
        return predicted, None
    low, high = model.intervals(users, items, LEVEL)
    return predicted, (rounded(low, held_out.decimals), rounded(high, held_out.decimals))


def errors(model: Model, shown: Shown, held_out: HeldOut) -> dict[str, list[Any]]:
    """``[n_test, rmse, bias]`` of each user and item; None without held-out ratings.

    The bias is the mean of predicted minus actual ratings.
    """
    users, items = shown.users[held_out.users], shown.items[held_out.items]
    error = model.predict(users, items) - held_out.ratings
    return {
        "users": _errors_of(error, held_out.users, len(shown.users), held_out.decimals),
        "items": _errors_of(error, held_out.items, len(shown.items), held_out.decimals),
    }


def _errors_of(
    error: NDArray[np.float64], groups: NDArray[np.int64], n_groups: int, decimals: int
) -> list[list[Any] | None]:
    counts = np.bincount(groups, minlength=n_groups)
    divisor = np.maximum(counts, 1)
    squares = np.bincount(groups, error**2, minlength=n_groups)
    rmse = rounded(np.sqrt(squares / divisor), decimals)
    bias = rounded(np.bincount(groups, error, minlength=n_groups) / divisor, decimals)
    return [
        [n, of_rmse, of_bias] if n else None
        for n, of_rmse, of_bias in zip(counts.tolist(), rmse, bias, strict=True)
    ]
