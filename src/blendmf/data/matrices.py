"""Sparse matrices of the ratings, and the index of users and items."""

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray


class Matrices(NamedTuple):
    """The parts as matrices, and the ids of their rows and columns.

    Attributes
    ----------
    train, validation, test : csr_array of shape (n_users, n_items)
    times : dict of ndarray of int64
        For each part, the time of each rating in seconds since 1970, in the order of its matrix.
    users : DataFrame
        Column user_id; its row number is the row of the matrices.
    items : DataFrame
        Columns item_id, title, year, genres and n_train (number of training ratings); its row
        number is the column of the matrices.
    """

    train: sp.csr_array
    validation: sp.csr_array
    test: sp.csr_array
    times: dict[str, NDArray[np.int64]]
    users: pd.DataFrame
    items: pd.DataFrame

    @property
    def index_facts(self) -> dict[str, Any]:
        """Numbers of users and items, and the digest of their ids."""
        digest = index_digest(self.users["user_id"], self.items["item_id"])
        return {"users": len(self.users), "items": len(self.items), "sha256": digest}


def matrices(
    train: pd.DataFrame, validation: pd.DataFrame, test: pd.DataFrame, items: pd.DataFrame
) -> Matrices:
    """Index all users and items with a rating in any part, sorted by id.

    An item without training ratings has a column too, so that every held-out rating can be scored;
    its training column is empty. The parts have the columns user_id, item_id, rating, timestamp.
    """
    parts = (train, validation, test)
    user_ids = _index([part["user_id"] for part in parts])
    item_ids = _index([part["item_id"] for part in parts])
    of_train, of_validation, of_test = (rating_matrix(part, user_ids, item_ids) for part in parts)
    times = {
        name: rating_times(part, user_ids, item_ids)
        for name, part in zip(("train", "validation", "test"), parts, strict=True)
    }
    described = items.set_index("item_id").reindex(item_ids).reset_index()
    described["n_train"] = np.bincount(of_train.indices, minlength=len(item_ids))
    users = pd.DataFrame({"user_id": user_ids})
    return Matrices(of_train, of_validation, of_test, times, users, described)


def _index(ids: list[pd.Series]) -> pd.Index:
    occurring = pd.concat([pd.Series(of_part.unique()) for of_part in ids])
    return pd.Index(occurring.unique(), name=ids[0].name).sort_values()


def index_digest(user_ids: Iterable[Any], item_ids: Iterable[Any]) -> str:
    """SHA-256 of the ids of users and items in the order of their positions."""
    digest = hashlib.sha256()
    for ids in (user_ids, item_ids):
        texts = list(map(str, ids))
        lengths = ",".join(str(len(text)) for text in texts)
        digest.update(f"{len(texts)}:{lengths}:{''.join(texts)};".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def rating_matrix(part: pd.DataFrame, user_ids: pd.Index, item_ids: pd.Index) -> sp.csr_array:
    """Matrix of the ratings of a table, of shape (n_users, n_items).

    Parameters
    ----------
    part : DataFrame
        Columns user_id, item_id, rating.
    user_ids, item_ids : Index
        Ids of the rows and columns.
    """
    return _matrix(part, "rating", np.float32, user_ids, item_ids)


def rating_times(part: pd.DataFrame, user_ids: pd.Index, item_ids: pd.Index) -> NDArray[np.int64]:
    """Times of the ratings of a table, in the order of its `rating_matrix`, of shape (n,).

    Parameters
    ----------
    part : DataFrame
        Columns user_id, item_id, timestamp.
    user_ids, item_ids : Index
        Ids of the rows and columns.
    """
    times: NDArray[np.int64] = _matrix(part, "timestamp", np.int64, user_ids, item_ids).data
    return times


def _matrix(
    part: pd.DataFrame, column: str, dtype: type[np.number], user_ids: pd.Index, item_ids: pd.Index
) -> sp.csr_array:
    rows = user_ids.get_indexer(pd.Index(part["user_id"])).astype(np.int32)
    columns = item_ids.get_indexer(pd.Index(part["item_id"])).astype(np.int32)
    values = part[column].to_numpy(dtype=dtype)
    return sp.csr_array((values, (rows, columns)), shape=(len(user_ids), len(item_ids)))
