"""Recommendations for people who are not in the data, from a file of their ratings."""

from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from blendmf.commands.lookups import find_item
from blendmf.commands.replies import labelled_items
from blendmf.common.errors import UserError
from blendmf.estimators.tables import rating_table
from blendmf.recommend.new_users import joined
from blendmf.recommend.top_items import recommend
from blendmf.recommend.trained_model import TrainedModel

NEW_USER = "new"
"""Id of the user if a file has no column for it."""


def recommendations_of_new_users(
    trained: TrainedModel, file: Path, n: int
) -> tuple[pd.DataFrame, int]:
    """The `n` best items of each user of a file.

    Parameters
    ----------
    trained : TrainedModel
    file : Path
        CSV or Parquet, columns ``item`` (an id) or ``title``, ``rating``, and perhaps ``user``
        and ``timestamp``.
    n : int

    Returns
    -------
    (DataFrame, int)
        The columns of `blendmf.recommend.top_items.recommend`, and the number of ratings of unknown
        items, which are ignored.

    Raises
    ------
    UserError
        If the file cannot be read or lacks a column, a title is unknown, or nothing is left.
    """
    try:
        table = rating_table(_read(trained, file))
    except UserError as error:
        raise UserError(f"--ratings {file}: {error}") from None
    ids = trained.items["item_id"]
    if table["item_id"].dtype != ids.dtype:
        table["item_id"] = table["item_id"].astype(ids.dtype)
    joining = joined(
        trained.model,
        trained.fitted_ratings,
        pd.Index(trained.users["user_id"]),
        pd.Index(ids),
        table,
        trained.rating_range,
        trained.seed,
    )
    everybody = pd.concat([trained.users, joining.ids.to_frame()], ignore_index=True)
    rated = sp.vstack([trained.fitted_ratings, joining.ratings], format="csr")
    new = np.arange(trained.model.n_users, len(everybody))
    top = recommend(joining.model, [rated], everybody, labelled_items(trained), n, new)
    return top, int((~table["item_id"].isin(ids)).sum())


def _read(trained: TrainedModel, file: Path) -> pd.DataFrame:
    """The file, with ids of items in place of titles and with an id of the user."""
    try:
        is_parquet = file.suffix == ".parquet"
        table = pd.read_parquet(file) if is_parquet else pd.read_csv(file)
    except FileNotFoundError:
        raise UserError("no such file") from None
    except (OSError, ValueError) as error:
        raise UserError(f"cannot be read: {error}") from None
    items = {"item", "item_id"} & set(table)
    if "rating" not in table or not (items or "title" in table):
        raise UserError(
            f"has the columns {', '.join(map(str, table))}; it needs item or title, and rating"
        )
    if not items:
        known = {title: find_item(trained, title, None)[0] for title in table["title"].unique()}
        table["item"] = trained.items["item_id"].to_numpy()[table["title"].map(known)]
    if not {"user", "user_id"} & set(table):
        table["user"] = NEW_USER
    return table
