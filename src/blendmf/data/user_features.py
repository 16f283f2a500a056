"""Features of users from what describes them, as a sparse matrix with one row per user."""

import numpy as np
import pandas as pd
import scipy.sparse as sp

from blendmf.common.errors import UserError

MOST_VALUES = 10
"""Largest number of values of a column that are features by themselves, whatever they are."""


def user_features(described: pd.DataFrame, ids: pd.Index) -> sp.csr_array:
    """Features of the users `ids`; see `features_of` and `feature_matrix`."""
    require_described(described)
    return feature_matrix(features_of(described), ids)


def require_described(described: pd.DataFrame) -> None:
    """Refuse data that describe no user."""
    if described.empty:
        raise UserError(
            "nothing describes the users, which models with user_features: true need; name a file "
            "under dataset.csv.users, or set the key to false"
        )


def features_of(described: pd.DataFrame) -> pd.DataFrame:
    """Features of described users: one for each value of each column.

    A column of numbers with more than `MOST_VALUES` values is divided into as many ranges with
    equal numbers of users. A column of text with more values than that, and with more than half as
    many values as users, says little about any two users: the first characters of its values are
    the features, such as the regions of postcodes.

    Parameters
    ----------
    described : DataFrame
        Column user_id and any others, one row for each user.

    Returns
    -------
    DataFrame
        Columns user_id and feature, one row for each feature of each user.
    """
    ids = described["user_id"]
    values = [
        pd.DataFrame({"user_id": ids, "feature": f"{name}:" + _as_values(column)})
        for name, column in described.drop(columns="user_id").items()
    ]
    empty = pd.DataFrame({"user_id": ids.iloc[:0], "feature": []})
    return pd.concat([empty, *values], ignore_index=True).dropna()


def _as_values(column: pd.Series) -> pd.Series:
    """Values of a column as texts, missing ones as NaN; many are joined as `features_of` says."""
    given, n_values = column.notna(), column.nunique()
    if n_values <= MOST_VALUES:
        return column.astype("str").where(given)
    if pd.api.types.is_numeric_dtype(column):
        return pd.qcut(column, MOST_VALUES, duplicates="drop").astype("str").where(given)
    texts = column.astype("str")
    return (texts.str[:1] if n_values > given.sum() / 2 else texts).where(given)


def feature_matrix(features: pd.DataFrame, ids: pd.Index) -> sp.csr_array:
    """Features of the users `ids`, of shape (n_users, n_features), rows of length 1 or 0.

    Features of other users are left out.

    Parameters
    ----------
    features : DataFrame
        As of `features_of`; a repeated feature of a user counts as often.
    ids : Index
        Ids of the rows.
    """
    kept = features[features["user_id"].isin(ids)]
    rows = ids.get_indexer(pd.Index(kept["user_id"]))
    numbers, names = pd.factorize(kept["feature"], sort=True)
    shape = (len(ids), len(names))
    matrix = sp.csr_array((np.ones(len(rows)), (rows, numbers)), shape=shape)
    lengths = np.sqrt(matrix.power(2).sum(axis=1))
    matrix.data /= np.repeat(lengths, np.diff(matrix.indptr))
    return matrix
