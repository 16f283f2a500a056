"""Users and items that the explorer shows, with all ratings of the users."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.common.random_streams import sample
from blendmf.models.observations import Positions


@dataclass(frozen=True, eq=False)
class Shown:
    """Users and items of the explorer; its indexes count them.

    Attributes
    ----------
    users, items : ndarray of int64, of shape (m,) and (k,)
        Positions, ascending.
    n_users, n_items : int
        Numbers of all users and items.
    """

    users: Positions
    items: Positions
    n_users: int
    n_items: int

    @property
    def index_of_item(self) -> NDArray[np.int64]:
        """Index of every item among the shown ones, -1 if it is not shown, of shape (n_items,)."""
        index = np.full(self.n_items, -1)
        index[self.items] = np.arange(len(self.items))
        return index

    @property
    def how(self) -> str:
        """Sentences that state what is shown; empty if everything is."""
        sentences = []
        if len(self.users) < self.n_users:
            sentences.append(
                f"{len(self.users):,} of {self.n_users:,} users are shown, drawn at random."
            )
        if len(self.items) < self.n_items:
            sentences.append(
                f"The {len(self.items):,} items with the most ratings of {self.n_items:,} are "
                "shown; recommendations of other items are left out."
            )
        if sentences:
            sentences.append("Ratings and errors are those of shown users and shown items.")
        return " ".join(sentences)


def choose_shown(
    n_users: int, n_ratings: NDArray[np.int64], most_users: int, most_items: int, seed: int
) -> Shown:
    """Draw users from the stream ``explorer`` and take the items with the most ratings.

    Parameters
    ----------
    n_users : int
    n_ratings : ndarray of shape (n_items,)
        Number of ratings of each item; of equal ones, the first positions are taken.
    most_users, most_items : int
        Maximum numbers of users and items.
    seed : int
        The experiment's seed.
    """
    users = sample(np.arange(n_users), most_users, seed, "explorer")
    items = np.sort(np.argsort(-n_ratings, kind="stable")[:most_items])
    return Shown(users, items, n_users, len(n_ratings))


def user_histories(
    parts: Mapping[str, pd.DataFrame], users: pd.Index, items: pd.Index
) -> pd.DataFrame:
    """Ratings of some users in their order, on all items.

    Parameters
    ----------
    parts : mapping of DataFrame
        Columns ``user_id, item_id, rating, timestamp`` of each part, in the order of the parts.
    users, items : Index
        Ids of the users and of all items.

    Returns
    -------
    DataFrame
        ``user`` (index in `users`), ``item`` (position), ``rating``, and ``part`` (its number),
        sorted by user and then time; equal times by part, then as in the tables.
    """
    table = pd.concat(
        [part.assign(part=number) for number, part in enumerate(parts.values())], ignore_index=True
    )
    table["user"] = users.get_indexer(pd.Index(table["user_id"]))
    table["item"] = items.get_indexer(pd.Index(table["item_id"]))
    table = table[table["user"] >= 0].sort_values(["user", "timestamp", "part"], kind="stable")
    return table[["user", "item", "rating", "part"]].reset_index(drop=True)


def rated_matrix(histories: pd.DataFrame, shape: tuple[int, int]) -> sp.csr_array:
    """Ratings of the histories as a matrix of `shape`: shown users x all items."""
    places = (histories["user"].to_numpy(), histories["item"].to_numpy())
    return sp.csr_array((histories["rating"].to_numpy(), places), shape=shape)
