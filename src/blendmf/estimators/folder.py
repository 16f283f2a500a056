"""What an estimator has learned, and the folder that holds it."""

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import scipy.sparse as sp

from blendmf.common.digests import refuse_damage, write_digests
from blendmf.common.errors import UserError
from blendmf.common.files import PathLike, read_sparse, write_json, write_sparse
from blendmf.data.matrices import index_digest
from blendmf.data.tables import read_table, write_table
from blendmf.estimators.content import Words
from blendmf.models.model import Model, load_model, save_model
from blendmf.recommend.trained_model import refuse_other_sizes

FACTS = "estimator.json"
"""File of the class, the parameters and the settings of a saved estimator."""


class Fitted(NamedTuple):
    """What an estimator has learned, and from what.

    Attributes
    ----------
    model : Model
    users : Index
        Ids of the users.
    items : DataFrame
        Columns item_id, title, year, genres and text.
    ratings : csr_array of shape (n_users, n_items)
    words : Words or None
    """

    model: Model
    users: pd.Index
    items: pd.DataFrame
    ratings: sp.csr_array
    words: Words | None


def write_folder(folder: PathLike, fitted: Fitted, facts: dict[str, Any]) -> None:
    """Write a fitted estimator to a new or empty folder, without pickle.

    Raises
    ------
    UserError
        If the folder has files.
    """
    path = Path(folder)
    if path.exists() and (path.is_file() or any(path.iterdir())):
        raise UserError(f"{path}: is not empty; remove it, or name another folder")
    path.mkdir(parents=True, exist_ok=True)
    index = index_digest(fitted.users, fitted.items["item_id"])
    save_model(path / "model.npz", fitted.model, index)
    write_table(path / "users.parquet", fitted.users.to_frame(index=False))
    write_table(path / "items.parquet", fitted.items)
    write_sparse(path / "ratings.npz", fitted.ratings)
    if fitted.words is not None:
        write_sparse(path / "words.npz", fitted.words.tfidf)
        write_table(path / "terms.parquet", pd.DataFrame({"term": fitted.words.terms}))
    write_json(path / FACTS, facts)
    for file in sorted(path.iterdir()):
        write_digests(file)


def read_folder(path: Path) -> Fitted:
    """Read what `write_folder` wrote.

    Raises
    ------
    UserError
        If a file is not as it was written, or the files do not belong together.
    """
    files = (file for file in path.iterdir() if not file.name.startswith("."))
    refuse_damage(files, path, "save the estimator again")
    words = None
    if (path / "words.npz").is_file():
        terms = read_table(path / "terms.parquet")["term"].tolist()
        words = Words(read_sparse(path / "words.npz"), terms)
    users = pd.Index(read_table(path / "users.parquet")["user_id"])
    items = read_table(path / "items.parquet")
    model = load_model(path / "model.npz", index_digest(users, items["item_id"]))
    ratings = read_sparse(path / "ratings.npz")
    refuse_other_sizes(path, users, items, model, ratings)
    return Fitted(model, users, items, ratings, words)
