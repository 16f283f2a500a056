"""Where each rating stands in the order in which its user rated."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray


class Places(NamedTuple):
    """Places of the ratings of two parts, stored as their matrices store the ratings.

    Attributes
    ----------
    train, validation : csr_array of float32, of shape (n_users, n_items)
        As `places_among` has them.
    """

    train: sp.csr_array
    validation: sp.csr_array


def places(
    train: pd.DataFrame, validation: pd.DataFrame, users: pd.DataFrame, items: pd.DataFrame
) -> Places:
    """Places of the ratings of both parts among each user's training ratings.

    Parameters
    ----------
    train, validation : DataFrame
        Columns user_id, item_id, timestamp.
    users, items : DataFrame
        Columns user_id and item_id; row number is the row and the column of the matrices.
    """
    user_ids, item_ids = pd.Index(users["user_id"]), pd.Index(items["item_id"])
    moments = [
        Moments(user_ids.get_indexer(part["user_id"]), part["timestamp"].to_numpy())
        for part in (train, validation)
    ]
    matrices = [
        sp.csr_array(
            (
                places_among(of_part, moments[0]),
                (of_part.users.astype(np.int32), item_ids.get_indexer(part["item_id"])),
            ),
            shape=(len(user_ids), len(item_ids)),
        )
        for of_part, part in zip(moments, (train, validation), strict=True)
    ]
    return Places(*matrices)


class Moments(NamedTuple):
    """When ratings were given: users, as positions, and times, each of shape (n,)."""

    users: NDArray[np.int64]
    times: NDArray[np.int64]


def places_among(of: Moments, among: Moments) -> NDArray[np.float32]:
    """Places of some ratings among each user's training ratings, from -1/2 (first) to 1/2 (last).

    The place is the share of the user's training ratings that are older, those of the same time
    counted by half, less 1/2; so the training ratings' own places are 0 on average. A user without
    training ratings has no order, and place 0.

    Parameters
    ----------
    of : Moments
        The ratings to place.
    among : Moments
        The training ratings.

    Returns
    -------
    ndarray of float32, of shape (n,)
    """
    users = np.concatenate([among.users, of.users])
    times = np.concatenate([among.times, of.times])
    order = np.lexsort((times, users))
    in_order = pd.DataFrame(
        {"user": users[order], "time": times[order], "trained": order < len(among.users)}
    )
    of_user = in_order.groupby("user", sort=False)["trained"]
    of_moment = in_order.groupby(["user", "time"], sort=False)["trained"]
    older = of_user.cumsum() - of_moment.cumsum()
    n_trained = of_user.transform("sum")
    share = (older + of_moment.transform("sum") / 2) / n_trained.clip(lower=1)
    placed = np.empty(len(users), dtype=np.float32)
    placed[order] = np.where(n_trained > 0, share - 0.5, 0.0)
    return placed[len(among.users) :]
