"""A trained model of a run, with its users, items and ratings."""

from collections.abc import Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import scipy.sparse as sp

from blendmf.common.digests import intact
from blendmf.common.errors import UserError
from blendmf.common.files import read_csv, read_json, read_sparse
from blendmf.data.matrices import index_digest
from blendmf.data.tables import read_table
from blendmf.models.model import Model, load_model

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """One trained model and its data.

    Attributes
    ----------
    folder : Path
        The data set's results folder.
    name : str
        Name of the model in the configuration.
    file : Path
        Its file, next to the ``fit.json`` of the same fit.
    model : Model
    users, items : DataFrame
        Row number is the position in the matrices.
    ratings : dict of csr_array, of shape (n_users, n_items)
        The parts ``train``, ``validation`` and ``test``.
    """

    folder: Path
    name: str
    file: Path
    model: Model
    users: pd.DataFrame
    items: pd.DataFrame
    ratings: dict[str, sp.csr_array]

    def position_of(self, what: Literal["user", "item"], wanted: str) -> int:
        """Position of the user or item with this id, written as text; -1 if unknown."""
        ids = self.users["user_id"] if what == "user" else self.items["item_id"]
        found = np.flatnonzero(ids.astype(str) == wanted)
        return int(found[0]) if len(found) else -1

    @property
    def is_final(self) -> bool:
        """Whether it was fitted on all ratings, and not on the training part alone."""
        return self.file.parents[1].name == "final"

    @property
    def fitted_on(self) -> str:
        """What it was fitted on, for people."""
        if self.is_final:
            return "all ratings"
        return f"the training part, seed {self.file.parent.name.removeprefix('seed-')}"

    @property
    def seed(self) -> int:
        """Seed of the run, from its manifest; the default one for variants, which have none."""
        manifest = self.folder / "manifest.json"
        if manifest.is_file():
            return int(read_json(self.existing(manifest))["configuration"]["seed"])
        # The configuration takes time to load.
        from blendmf.config.fields import SEED

        return SEED

    @property
    def rating_range(self) -> tuple[float, float]:
        """Lowest and highest possible rating of the data."""
        low, high = read_json(self.existing(self.folder / "data" / "source.json"))["rating_range"]
        return low, high

    @property
    def fitted_ratings(self) -> sp.csr_array:
        """The ratings that it was fitted on, of shape (n_users, n_items)."""
        return self.all_ratings if self.is_final else self.ratings["train"]

    @property
    def all_ratings(self) -> sp.csr_array:
        """The ratings of all parts, of shape (n_users, n_items)."""
        return sp.csr_array(sum(self.ratings.values()))

    @property
    def content(self) -> Path:
        """Folder of the items' words as they are known to this fit."""
        final = self.folder / "models" / "final" / "content"
        return final if self.is_final and final.is_dir() else self.folder / "content"

    def existing(self, path: Path) -> Path:
        """The path of a result of the same run, if it exists as it was written."""
        return existing(path, self.folder)

    def known_rating(self, user: int, item: int) -> tuple[float, str] | None:
        """Rating of a pair of positions, and the part that it is in; None if unrated."""
        for part, matrix in self.ratings.items():
            start, end = matrix.indptr[user], matrix.indptr[user + 1]
            found = np.flatnonzero(matrix.indices[start:end] == item)
            if len(found):
                return float(matrix.data[start + found[0]]), part
        return None


def open_trained(
    folder: Path, name: str | None = None, seed: int | None = None, *, evaluated: bool = False
) -> TrainedModel:
    """Read a trained model and its data.

    Parameters
    ----------
    folder : Path
        The data set's results folder, such as ``results/ml-100k``.
    name : str, optional
        Name of the model; default: the one with the lowest test RMSE in the comparison.
    seed : int, optional
        A fit that was evaluated, on the training part alone. Default: the fit on all ratings, or
        the lowest seed of a model without one.
    evaluated : bool
        Take the lowest seed also of a model that has a fit on all ratings, whose predictions of
        test ratings would say nothing.

    Raises
    ------
    UserError
        If the model or one of its files is missing.
    """
    fits = _fits(folder)
    if evaluated:
        fits = {
            model: {number: path for number, path in seeds.items() if number is not None}
            for model, seeds in fits.items()
        }
        fits = {model: seeds for model, seeds in fits.items() if seeds}
    if not fits:
        raise UserError(f"{folder}: has no trained models; run snakemake, or name another folder")
    if name is None:
        name = _default_model(folder, fits)
    if name not in fits:
        known = ", ".join(fits)
        raise UserError(f"{folder}: no trained model {name}; --model takes one of: {known}")
    seeds = [number for number in fits[name] if number is not None]
    if seed is not None and seed not in seeds:
        known = ", ".join(map(str, seeds))
        raise UserError(f"{folder}: {name} has no seed {seed}; --seed takes one of: {known}")
    chosen = seed if seed is not None or None in fits[name] else seeds[0]
    matrices = folder / "matrices"
    users = read_table(existing(matrices / "users.parquet", folder))
    items = read_table(existing(matrices / "items.parquet", folder))
    index = index_digest(users["user_id"], items["item_id"])
    model = load_model(existing(fits[name][chosen], folder), index)
    ratings = {part: read_sparse(existing(matrices / f"{part}.npz", folder)) for part in PARTS}
    refuse_other_sizes(folder, users, items, model, *ratings.values())
    return TrainedModel(folder, name, fits[name][chosen], model, users, items, ratings)


def refuse_other_sizes(
    folder: Path, users: Sized, items: Sized, model: Model, *ratings: sp.csr_array
) -> None:
    """Refuse a folder whose model or matrices have other numbers of users and items.

    Raises
    ------
    UserError
        If the numbers differ.
    """
    sizes = {(len(users), len(items)), (model.n_users, model.n_items)}
    sizes |= {matrix.shape for matrix in ratings}
    if len(sizes) > 1:
        raise UserError(f"{folder}: its files have different numbers of users and items: {sizes}")


def _fits(folder: Path) -> dict[str, dict[int | None, Path]]:
    """Model file of every fit by model and seed; None stands for the fit on all ratings."""
    fits: dict[str, dict[int | None, Path]] = {}
    for path in sorted(folder.glob("models/final/*/model.npz")):
        fit = path.with_name("fit.json")
        if fit.is_file():
            fits.setdefault(read_json(intact(fit, folder))["model"], {})[None] = path
    for path in folder.glob("models/*/seed-*/model.npz"):
        number = path.parent.name.removeprefix("seed-")
        # Other folders are not of a run.
        if number.isascii() and number.isdecimal():
            fits.setdefault(path.parents[1].name, {})[int(number)] = path
    return {name: dict(sorted(fits[name].items(), key=_by_seed)) for name in sorted(fits)}


def _by_seed(fit: tuple[int | None, Path]) -> int:
    return -1 if fit[0] is None else fit[0]


def _default_model(folder: Path, fits: dict[str, dict[int | None, Path]]) -> str:
    """The model with the lowest test RMSE, of those that are fitted on all ratings if any are."""
    final = [name for name, seeds in fits.items() if None in seeds]
    if len(final) == 1:
        return final[0]
    path = folder / "comparison" / "table.csv"
    if path.exists():
        from blendmf.evaluation.compare import best_model

        table, among = read_csv(intact(path, folder)), final or list(fits)
        if table["model"].astype(str).isin(among).any():
            return best_model(table, among)
    raise UserError(
        f"{path}: no comparison to take the best model from; choose one with --model: "
        + ", ".join(fits)
    )


def existing(path: Path, folder: Path) -> Path:
    """The path of a result in the results folder of a data set.

    Raises
    ------
    UserError
        If there is no such file, or it is not as it was written.
    """
    if not path.exists():
        raise UserError(f"{path}: not found; run snakemake to make it, or name another --results")
    return intact(path, folder)
