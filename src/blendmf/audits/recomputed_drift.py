"""Places in users' order and the drift of their ratings, computed a second time from the tables."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.audits.recomputed import biases, mean_rating

USER_SHRINKAGE, ITEM_SHRINKAGE = 15.0, 10.0
"""Those of the biases that drift is measured from."""

SLOPE_SHRINKAGE = 10.0
"""As `blendmf.models.drift` has it."""


class PlacesOf(NamedTuple):
    """Place of each rating of two tables, in the order of their rows."""

    train: NDArray[np.float64]
    validation: NDArray[np.float64]


def places_of(train: pd.DataFrame, validation: pd.DataFrame) -> PlacesOf:
    """Share of the user's training ratings that are older, ties by half, less 1/2; else 0.

    By ranks: among ratings of both parts a validation rating's rank is its rank in its own part
    and the number of training ratings before it.
    """
    columns = ["user_id", "timestamp"]
    both = pd.concat([train[columns], validation[columns]], ignore_index=True)
    n_trained = train["user_id"].value_counts()
    in_both = _rank(both).to_numpy()[len(train) :]
    before = (_rank(train).to_numpy() - 0.5, in_both - _rank(validation).to_numpy())
    found = []
    for part, rank in zip((train, validation), before, strict=True):
        n = part["user_id"].map(n_trained).fillna(0).to_numpy(dtype=np.float64)
        found.append(np.where(n > 0, rank / np.maximum(n, 1) - 0.5, 0.0))
    return PlacesOf(*found)


def mean_without_drift(
    train: pd.DataFrame,
    places: PlacesOf,
    user_ids: pd.Index,
    item_ids: pd.Index,
    rating_range: tuple[float, float],
) -> float:
    """Mean of the training ratings when users' drift is taken out.

    Each is moved along its user's slope to where the validation ratings stand on average.
    """
    of_users, of_items = np.split(
        biases(train, user_ids, item_ids, USER_SHRINKAGE, ITEM_SHRINKAGE), [len(user_ids)]
    )
    mean = mean_rating(train)
    by_whom = pd.Series(of_users, index=user_ids).reindex(train["user_id"]).to_numpy()
    of_what = pd.Series(of_items, index=item_ids).reindex(train["item_id"]).to_numpy()
    expected = np.clip(mean + by_whom + of_what, *rating_range)
    left = train["rating"].to_numpy(dtype=np.float64) - expected
    of_rating = pd.DataFrame({"squares": places.train**2, "products": places.train * left})
    by_user = of_rating.groupby(train["user_id"].to_numpy())[["squares", "products"]].sum()
    total = by_user.sum()
    common = total["products"] / (total["squares"] + SLOPE_SHRINKAGE)
    held = by_user["squares"] + SLOPE_SHRINKAGE
    slopes = common + (by_user["products"] - common * by_user["squares"]) / held
    place = places.validation.mean() if len(places.validation) else 0.5
    moves = slopes.reindex(train["user_id"]).to_numpy() * (place - places.train)
    return mean + float(moves.mean())


def _rank(ratings: pd.DataFrame) -> pd.Series:
    return ratings.groupby("user_id", sort=False)["timestamp"].rank(method="average")
