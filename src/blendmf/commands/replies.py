"""Replies of a trained model about users, as tables: predictions and recommendations."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from blendmf.common.errors import UserError
from blendmf.models.model import UncertainModel
from blendmf.recommend.titles import labels
from blendmf.recommend.top_items import LEVEL, recommend
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
    ends = np.full((2, len(items)), np.nan)
    users = np.full(len(items), user)
    if isinstance(trained.model, UncertainModel):
        ends[:] = trained.model.intervals(users, items, LEVEL)
    return pd.DataFrame(
        {
            "user_id": trained.users["user_id"].iloc[[user] * len(items)].array,
            "item_id": trained.items["item_id"].iloc[list(items)].array,
            "title": labels(trained.items.iloc[list(items)]),
            "predicted_rating": trained.model.predict(users, items),
            "rating_low": ends[0],
            "rating_high": ends[1],
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


def labelled_items(trained: TrainedModel) -> pd.DataFrame:
    """The items, with the year in their titles."""
    return trained.items.assign(title=labels(trained.items))


def require_predictions(trained: TrainedModel) -> None:
    """Raise a `UserError` if the model only ranks."""
    if not trained.model.predicts_ratings:
        raise UserError(
            f"model {trained.name} ranks items but predicts no ratings; choose another with --model"
        )
