"""Users that join a fitted model with a table of their ratings."""

from typing import NamedTuple

import pandas as pd
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.data.matrices import rating_matrix, rating_times
from blendmf.models.model import Model
from blendmf.models.observations import Observations
from blendmf.training.new_users import with_new_users


class Joined(NamedTuple):
    """A model that knows m new users, whose positions follow those of the known ones.

    Attributes
    ----------
    model : Model
    ids : Index
        Ids of the new users, sorted.
    ratings : csr_array of shape (m, n_items)
        Their ratings.
    """

    model: Model
    ids: pd.Index
    ratings: sp.csr_array


def joined(
    model: Model,
    fitted_ratings: sp.csr_array,
    users: pd.Index,
    items: pd.Index,
    table: pd.DataFrame,
    rating_range: tuple[float, float],
    seed: int,
) -> Joined:
    """Let the users of a table of ratings join, without a new fit.

    Parameters
    ----------
    model : Model
    fitted_ratings : csr_array of shape (n_users, n_items)
        The ratings that it was fitted on.
    users, items : Index
        Ids of the users and items, by position.
    table : DataFrame
        Columns user_id, item_id, rating, and timestamp if times are known. Ratings of unknown
        items are ignored.
    rating_range : (float, float)
    seed : int
        The experiment's seed.

    Raises
    ------
    UserError
        If a user is known already, no item is known, a rating is outside the range, or the model
        cannot take new users.
    """
    if again := sorted(str(user) for user in table["user_id"].unique() if user in users):
        raise UserError(
            f"known already: {', '.join(again[:5])}; give new users new ids, or fit again"
        )
    known = table[table["item_id"].isin(items)].reset_index(drop=True)
    if known.empty:
        raise UserError(
            f"none of the {len(table)} rated items is known to the model; ids are such as "
            f"{items[0]}"
        )
    refuse_outside(known["rating"], rating_range)
    ids = pd.Index(known["user_id"].unique(), name="user_id").sort_values()
    matrix = rating_matrix(known, ids, items)
    times = rating_times(known, ids, items) if "timestamp" in known else None
    new = Observations.from_matrix(matrix, times)
    fitted_on = Observations.from_matrix(fitted_ratings)
    return Joined(with_new_users(model, fitted_on, new, list(ids), seed), ids, matrix)


def refuse_outside(ratings: pd.Series, rating_range: tuple[float, float]) -> None:
    """Raise a `UserError` if a rating is outside the range."""
    low, high = rating_range
    outside = ratings[(ratings < low) | (ratings > high)]
    if len(outside):
        raise UserError(
            f"{len(outside)} ratings are outside the range {low:g} to {high:g}, such as "
            f"{outside.iloc[0]:g}"
        )
