"""In which year each held-out rating was given."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.models.observations import Observations

LAST_YEAR = 5000
"""Later years come of timestamps in milliseconds, of which reading the data has warned."""


def years_of(
    test: Observations, ratings: pd.DataFrame, users: pd.DataFrame, items: pd.DataFrame
) -> NDArray[np.int64] | None:
    """Calendar year (UTC) of each held-out rating, in the order of the test matrix.

    Parameters
    ----------
    test : Observations
        The held-out part, by user and then item, as `Observations.from_matrix` has it.
    ratings : DataFrame
        The same ratings in any order: ``user_id``, ``item_id``, ``timestamp``.
    users, items : DataFrame
        Row number is the position; columns ``user_id`` and ``item_id``.

    Returns
    -------
    ndarray of int64, of shape (n,), or None
        None for data without timestamps, which stand as 0 throughout, and for timestamps that
        cannot be seconds.

    Raises
    ------
    ValueError
        If the table does not hold the ratings of the matrix.
    """
    seconds = ratings["timestamp"].to_numpy(dtype=np.int64)
    if not seconds.any():
        return None
    years = seconds.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    if years.max() > LAST_YEAR:
        return None
    rows = pd.Index(users["user_id"]).get_indexer(pd.Index(ratings["user_id"]))
    columns = pd.Index(items["item_id"]).get_indexer(pd.Index(ratings["item_id"]))
    order = np.lexsort((columns, rows))
    aligned = np.array_equal(rows[order], test.users) and np.array_equal(columns[order], test.items)
    if not aligned:
        raise ValueError("the table of test ratings and the test matrix hold different ratings")
    return years[order]
