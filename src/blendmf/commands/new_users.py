"""Recommendations for people who are not in the data, from a file of their ratings."""

from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from blendmf.commands.lookups import find_item
from blendmf.commands.replies import labelled_items
from blendmf.common.errors import UserError
from blendmf.common.wording import shortened
from blendmf.config.dataset import CsvSettings, RatingsFile
from blendmf.estimators.tables import rating_table
from blendmf.ingest.ids import unify_ids
from blendmf.ingest.own_files import read_table
from blendmf.ingest.sample_files import require_file, sample, unpacked
from blendmf.recommend.new_users import joined
from blendmf.recommend.top_items import recommend
from blendmf.recommend.trained_model import TrainedModel

USER_AND_ITEM = ("user", "item")
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
        Text or Parquet, with the columns ``item`` (an id) or ``title``, ``rating``, and perhaps
        ``user`` and ``timestamp``.
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
    """The file, read as one's own data are, with ids of items in place of titles."""
    require_file(file)
    with unpacked([file]) as folder:
        columns, written = sample(folder / file.name)
        names = [str(column) for column in columns]
        user, item = (next((n for n in (w, f"{w}_id") if n in names), None) for w in USER_AND_ITEM)
        described = item or ("title" if "title" in names else None)
        if "rating" not in names or described is None:
            raise UserError(
                f"has the columns {shortened(', '.join(names))}; it needs item or title, and rating"
            )
        settings = RatingsFile(
            file=file.name,
            user=user or described,
            item=described,
            rating="rating",
            timestamp="timestamp" if "timestamp" in names else None,
            **written,
        )
        table = read_table(folder, "ratings", CsvSettings(ratings=settings))
    assert table is not None
    rows = table.rows if settings.timestamp else table.rows.drop(columns="timestamp")
    texts = [str(text) for text in unify_ids(rows["item_id"])[0]]
    ids = trained.items["item_id"].to_numpy()
    if item is None:
        known = {title: ids[find_item(trained, title, None)[0]] for title in dict.fromkeys(texts)}
    else:
        known = dict(zip(map(str, ids), ids, strict=True))
    return rows.assign(
        user_id=NEW_USER if user is None else unify_ids(rows["user_id"])[0],
        item_id=pd.Series([known.get(text, text) for text in texts], dtype=object),
    )
