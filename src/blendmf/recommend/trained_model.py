"""A trained model taken from a run's folder, with the users, items and ratings it belongs to."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.files import read_sparse
from blendmf.data.tables import read_table
from blendmf.models.model import Model, load_model

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Trained:
    """One trained model and its data.

    Attributes
    ----------
    folder : Path
        The data set's folder of results.
    name : str
        Name of the model in the configuration.
    seed : int
    model : Model
    users, items : DataFrame
        Row number is the position in the matrices.
    ratings : dict of csr_array, of shape (n_users, n_items)
        The parts ``train``, ``validation`` and ``test``.
    """

    folder: Path
    name: str
    seed: int
    model: Model
    users: pd.DataFrame
    items: pd.DataFrame
    ratings: dict[str, sp.csr_array]

    def user_position(self, user: str) -> int:
        """Position of the user whose id reads `user`, -1 for an unknown one."""
        return _position(self.users["user_id"], user)

    def item_position(self, item: str) -> int:
        """Position of the item whose id reads `item`, -1 for an unknown one."""
        return _position(self.items["item_id"], item)

    def known_rating(self, user: int, item: int) -> tuple[float, str] | None:
        """Rating of a pair of positions and the part that it is in; None where there is none."""
        if user < 0:
            return None
        for part, matrix in self.ratings.items():
            start, end = matrix.indptr[user], matrix.indptr[user + 1]
            found = np.flatnonzero(matrix.indices[start:end] == item)
            if len(found):
                return float(matrix.data[start + found[0]]), part
        return None


def open_trained(folder: Path, name: str | None = None, seed: int | None = None) -> Trained:
    """Read a trained model and what belongs to it.

    Parameters
    ----------
    folder : Path
        The data set's folder of results, such as ``results/ml-100k``.
    name : str, optional
        Name of the model; by default the one of the lowest test RMSE in the comparison.
    seed : int, optional
        By default the lowest that there is.

    Raises
    ------
    UserError
        If the model, or a file that belongs to it, is not there.
    """
    available = trained_models(folder)
    if name is None:
        name = _best_model(folder, available)
    if name not in available:
        known = ", ".join(available) or "none"
        raise UserError(f"{folder}: no trained model {name}; --model takes one of: {known}")
    seeds = available[name]
    if seed is not None and seed not in seeds:
        known = ", ".join(map(str, seeds))
        raise UserError(f"{folder}: {name} has no seed {seed}; --seed takes one of: {known}")
    seed = seeds[0] if seed is None else seed
    return Trained(
        folder,
        name,
        seed,
        load_model(_existing(folder / "models" / name / f"seed-{seed}" / "model.npz")),
        read_table(_existing(folder / "matrices" / "users.parquet")),
        read_table(_existing(folder / "matrices" / "items.parquet")),
        {part: read_sparse(_existing(folder / "matrices" / f"{part}.npz")) for part in PARTS},
    )


def find_results(root: Path) -> Path:
    """Only folder of results under `root` that has trained models.

    Raises
    ------
    UserError
        If there is none, or more than one.
    """
    folders = sorted({path.parents[3] for path in root.glob("*/models/*/seed-*/model.npz")})
    if not folders:
        raise UserError(
            f"{root}/: no folder with trained models; run snakemake first, or name the folder: "
            "--results FOLDER"
        )
    if len(folders) > 1:
        names = ", ".join(map(str, folders))
        raise UserError(f"{root}/: several folders have models; choose one with --results: {names}")
    return folders[0]


def trained_models(folder: Path) -> dict[str, list[int]]:
    """Names of the trained models and the seeds of each, in ascending order.

    Raises
    ------
    UserError
        If the folder has none.
    """
    models: dict[str, list[int]] = {}
    for path in sorted(folder.glob("models/*/seed-*/model.npz")):
        seed = path.parent.name.removeprefix("seed-")
        models.setdefault(path.parent.parent.name, []).append(int(seed))
    if not models:
        raise UserError(f"{folder}: has no trained models; run snakemake, or name another folder")
    return {name: sorted(seeds) for name, seeds in models.items()}


def _best_model(folder: Path, available: dict[str, list[int]]) -> str:
    """Model of the lowest RMSE in the comparison, of those that are available."""
    path = folder / "comparison" / "table.csv"
    if path.exists():
        ranked = pd.read_csv(path).dropna(subset="rmse")["model"]
        best = [str(name) for name in ranked if str(name) in available]
        if best:
            return best[0]
    raise UserError(
        f"{path}: no comparison to take the best model from; choose one with --model: "
        + ", ".join(available)
    )


def _existing(path: Path) -> Path:
    if not path.exists():
        raise UserError(f"{path}: not found; run snakemake to make it, or name another --results")
    return path


def _position(ids: pd.Series, wanted: str) -> int:
    found = np.flatnonzero(ids.astype(str) == wanted)
    return int(found[0]) if len(found) else -1
