"""Replies of a trained model, as tables: predictions, recommendations, similar items."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from blendmf.common.errors import UserError
from blendmf.common.files import read_sparse
from blendmf.recommend.near_items import (
    item_vectors,
    near_by_factors,
    near_by_words,
    ratings_needed,
)
from blendmf.recommend.titles import labels
from blendmf.recommend.top_items import interval_ends, recommend
from blendmf.recommend.trained_model import TrainedModel


def predictions(trained: TrainedModel, user: int, items: Sequence[int]) -> pd.DataFrame:
    """Predicted and known ratings of some items by a user, all given by position.

    Returns
    -------
    DataFrame
        ``user_id, item_id, title, predicted_rating, rating_low, rating_high`` (the 90 % interval;
        missing without intervals), ``known_rating`` and the ``part`` that it is in (missing if
        there is none), and the number ``n_ratings`` and mean ``mean_rating`` of all ratings of the
        item.

    Raises
    ------
    UserError
        If the model predicts no ratings.
    """
    require_predictions(trained)
    known = [trained.known_rating(user, item) or (np.nan, None) for item in items]
    of_items = trained.all_ratings.tocsc()[:, list(items)]
    counts = np.diff(of_items.indptr)
    sums = np.asarray(of_items.sum(axis=0), dtype=np.float64).ravel()
    users = np.full(len(items), user)
    low, high = interval_ends(trained.model, users, items)
    return pd.DataFrame(
        {
            "user_id": trained.users["user_id"].iloc[[user] * len(items)].array,
            "item_id": trained.items["item_id"].iloc[list(items)].array,
            "title": labels(trained.items.iloc[list(items)]),
            "predicted_rating": trained.model.predict(users, items),
            "rating_low": low,
            "rating_high": high,
            "known_rating": [rating for rating, _ in known],
            "part": pd.Series([part for _, part in known], dtype="str"),
            "n_ratings": counts,
            "mean_rating": np.divide(
                sums, counts, out=np.full(len(items), np.nan), where=counts > 0
            ),
        }
    )


def recommendations(trained: TrainedModel, users: Sequence[int] | None, n: int) -> pd.DataFrame:
    """The `n` best items that each user has not rated; for all users if `users` is None.

    Returns
    -------
    DataFrame
        The columns of `blendmf.recommend.top_items.recommend`.
    """
    return recommend(
        trained.model,
        list(trained.ratings.values()),
        trained.users,
        labelled_items(trained),
        n,
        None if users is None else np.array(users),
    )


def similar_items(
    trained: TrainedModel, item: int, by: Literal["factors", "words"], n: int
) -> pd.DataFrame:
    """The `n` items that are most similar to an item, as the explorer lists them.

    Returns
    -------
    DataFrame
        ``rank, item_id, title, cosine, n_ratings``; items with a cosine below 0.2 are left out.

    Raises
    ------
    UserError
        If the model has no factors, or the item too few ratings.
    """
    counts = np.bincount(trained.all_ratings.indices, minlength=len(trained.items))
    of = np.array([item])
    if by == "words":
        tfidf = read_sparse(trained.existing(trained.content / "tfidf.npz"))
        [near] = near_by_words(tfidf, counts, n, of)
    else:
        vectors = item_vectors(trained.model, np.arange(len(trained.items)))
        if vectors is None:
            raise UserError(
                f"model {trained.name} has no factors; choose another with --model, or --by words"
            )
        needed = ratings_needed(counts)
        if counts[item] < needed:
            raise UserError(
                f"{labels(trained.items.iloc[[item]])[0]}: has {counts[item]} ratings, and its "
                f"factors say enough from {needed} on; try --by words"
            )
        [near] = near_by_factors(vectors, counts >= needed, counts, n, of)
    items = [other for other, _ in near]
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(near) + 1),
            "item_id": trained.items["item_id"].iloc[items].array,
            "title": labels(trained.items.iloc[items]),
            "cosine": pd.Series([cosine for _, cosine in near], dtype=float),
            "n_ratings": counts[items],
        }
    )


def labelled_items(trained: TrainedModel) -> pd.DataFrame:
    """The items, with the year in their titles."""
    return trained.items.assign(title=labels(trained.items))


def require_predictions(trained: TrainedModel) -> None:
    """Raise a `UserError` if the model only ranks."""
    if not trained.model.predicts_ratings:
        raise UserError(
            f"model {trained.name} ranks items but predicts no ratings; choose another with --model"
        )
