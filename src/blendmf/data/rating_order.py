"""Position of each rating in the order in which its user rated."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

RATINGS_PER_BLOCK = 2**20
"""Approximate number of ratings processed at a time, in blocks of whole users."""


class Places(NamedTuple):
    """Positions of the ratings of two parts, as matrices with the sparsity of the ratings.

    Attributes
    ----------
    train, validation : csr_array of float32, of shape (n_users, n_items)
        See `places_among`.
    """

    train: sp.csr_array
    validation: sp.csr_array


def places(
    train: pd.DataFrame, validation: pd.DataFrame, users: pd.DataFrame, items: pd.DataFrame
) -> Places:
    """Positions of the ratings of both parts among each user's training ratings.

    Parameters
    ----------
    train, validation : DataFrame
        Columns user_id, item_id, timestamp.
    users, items : DataFrame
        Columns user_id and item_id; their row numbers are the rows and columns of the matrices.
    """
    return Places(*(places_of(part, train, users, items) for part in (train, validation)))


def places_of(
    part: pd.DataFrame, train: pd.DataFrame, users: pd.DataFrame, items: pd.DataFrame
) -> sp.csr_array:
    """Positions of the ratings of a part among each user's training ratings; see `places`."""
    user_ids, item_ids = pd.Index(users["user_id"]), pd.Index(items["item_id"])
    of_part, among = (
        Moments(_positions(user_ids, table["user_id"]), table["timestamp"].to_numpy())
        for table in (part, train)
    )
    rated = of_part.users, _positions(item_ids, part["item_id"])
    shape = len(user_ids), len(item_ids)
    return sp.csr_array((places_among(of_part, among), rated), shape=shape)


class Moments(NamedTuple):
    """User indices and times of ratings, each of shape (n,)."""

    users: NDArray[np.int32]
    times: NDArray[np.int64]


def places_among(of: Moments, among: Moments) -> NDArray[np.float32]:
    """Positions of ratings among each user's training ratings, from -1/2 (first) to 1/2 (last).

    The position is the share of the user's training ratings that are older, minus 1/2; ratings at
    the same time count half. It averages 0 over a user's training ratings, and is 0 for a user
    without training ratings.

    Parameters
    ----------
    of : Moments
        The ratings.
    among : Moments
        The training ratings.

    Returns
    -------
    ndarray of float32, of shape (n,)
    """
    n_users = 1 + max((int(part.users.max()) for part in (of, among) if len(part.users)), default=0)
    n_blocks = -(-(len(of.users) + len(among.users)) // RATINGS_PER_BLOCK)
    placed = np.empty(len(of.users), dtype=np.float32)
    for first, last in pairwise(np.linspace(0, n_users, n_blocks + 1).astype(int)):
        here = [(first <= part.users) & (part.users < last) for part in (of, among)]
        block = [
            Moments(part.users[k], part.times[k]) for part, k in zip((of, among), here, strict=True)
        ]
        placed[here[0]] = _placed(*block)
    return placed


def _placed(of: Moments, among: Moments) -> NDArray[np.float32]:
    """`places_among` for a block of users."""
    users = np.concatenate([among.users, of.users])
    times = np.concatenate([among.times, of.times])
    order = np.lexsort((times, users))
    users, times = users[order], times[order]
    trained = np.concatenate([[0], np.cumsum(order < len(among.users))])
    new_user = np.diff(users, prepend=-1) != 0
    begin = np.flatnonzero(new_user | (np.diff(times, prepend=0) != 0))
    end = np.append(begin[1:], len(users))
    begin_user = np.flatnonzero(new_user)
    end_user = np.append(begin_user[1:], len(users))
    of_user = np.searchsorted(begin_user, begin, side="right") - 1
    before = trained[begin_user][of_user]
    n_trained = trained[end_user][of_user] - before
    share = ((trained[begin] + trained[end]) / 2 - before) / np.maximum(n_trained, 1)
    place = np.where(n_trained > 0, share - 0.5, 0.0).astype(np.float32)
    placed = np.empty(len(users), dtype=np.float32)
    placed[order] = np.repeat(place, end - begin)
    return placed[len(among.users) :]


def _positions(index: pd.Index, ids: pd.Series) -> NDArray[np.int32]:
    return index.get_indexer(pd.Index(ids)).astype(np.int32)
