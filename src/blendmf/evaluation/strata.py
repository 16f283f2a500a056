"""Rating error by how much training data stands behind a rating."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.data.observations import Observations

LOWER_BOUNDS = {
    "item-popularity": (0, 1, 3, 6, 11, 21, 51, 101),
    "user-history": (0, 1, 11, 21, 51, 101, 201, 501),
}
"""Lowest number of training ratings of each bin; a bin ends before the next, the last is open."""

COLUMNS = ["stratum", "bin", "lower", "upper", "n_ratings", "n_users", "n_items", "rmse", "mae"]


def strata_table(
    test: Observations,
    errors: NDArray[np.float64],
    n_train_of_item: NDArray[np.int64],
    n_train_of_user: NDArray[np.int64],
) -> pd.DataFrame:
    """Rating error by the item's and by the user's number of training ratings.

    Parameters
    ----------
    test : Observations
        The held-out part.
    errors : ndarray of shape (n,)
        Predicted minus observed rating; NaN where a model predicts none.
    n_train_of_item, n_train_of_user : ndarray of int64, of shape (n_items,) and (n_users,)

    Returns
    -------
    DataFrame
        Columns as in `COLUMNS`, one row per bin, empty bins included. ``lower`` and ``upper`` are
        the bin's fewest and most training ratings, ``n_*`` the held-out ratings in it and the
        distinct users and items that they come from.
    """
    depth = {
        "item-popularity": n_train_of_item[test.items],
        "user-history": n_train_of_user[test.users],
    }
    tables = [_stratum(name, depth[name], test, errors) for name in LOWER_BOUNDS]
    return pd.concat(tables, ignore_index=True)[COLUMNS]


def _stratum(
    name: str, depth: NDArray[np.int64], test: Observations, errors: NDArray[np.float64]
) -> pd.DataFrame:
    lower = np.array(LOWER_BOUNDS[name])
    bins = np.searchsorted(lower, depth, side="right") - 1
    errors_by_bin = pd.DataFrame(
        {
            "bin": bins,
            "squared": errors**2,
            "absolute": np.abs(errors),
        }
    )
    means = errors_by_bin.groupby("bin").agg(mse=("squared", "mean"), mae=("absolute", "mean"))
    table = means.reindex(range(len(lower)))
    upper = pd.array([*(lower[1:] - 1), pd.NA], dtype="Int64")
    return table.assign(
        stratum=name,
        bin=[_label(low, high) for low, high in zip(lower, upper, strict=True)],
        lower=lower,
        upper=upper,
        n_ratings=np.bincount(bins, minlength=len(lower)),
        n_users=_n_distinct(bins, test.users, (len(lower), test.shape[0])),
        n_items=_n_distinct(bins, test.items, (len(lower), test.shape[1])),
        rmse=np.sqrt(table["mse"]),
    )


def _n_distinct(
    bins: NDArray[np.int64], positions: NDArray[np.int32], shape: tuple[int, int]
) -> NDArray[np.int64]:
    """How many distinct positions each bin has; `shape` is (n_bins, number of positions)."""
    occurs = np.zeros(shape, dtype=np.bool_)
    occurs[bins, positions] = True
    return np.count_nonzero(occurs, axis=1)


def _label(lower: int, upper: Any) -> str:
    if upper is pd.NA:
        return f"{lower}+"
    return str(lower) if lower == upper else f"{lower}-{upper}"
