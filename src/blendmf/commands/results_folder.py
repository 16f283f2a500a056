"""The results folder that a command means, found without naming it where it is plain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blendmf.common.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

RESULTS = Path("results")
CONFIGURATION = Path("config.yaml")

MODELS = "models/*/*/model.npz"
"""Files of a folder with trained models."""

COMPARISON = "comparison/table.csv"
"""File of a folder with compared models."""


def results_folder(given: Path | None, needed: str) -> Path:
    """The given folder; otherwise the only one under ``results`` that has some files.

    Of several, the one of the data set in ``config.yaml`` is meant.

    Parameters
    ----------
    given : Path, optional
    needed : str
        Glob of the files that it must have, `MODELS` or `COMPARISON`.

    Raises
    ------
    UserError
        If the folder does not exist or lacks the files, or if it is not plain which is meant.
    """
    what = "trained models" if needed == MODELS else "compared models"
    if given is not None:
        if not given.is_dir():
            found = folders_with(needed)
            hint = f"; --results takes one of: {_listed(found)}" if found else ""
            raise UserError(f"--results {given}: this folder does not exist{hint}")
        if not any(given.glob(needed)):
            raise UserError(f"{given}: has no {what}; run snakemake, or name another folder")
        return given
    folders = folders_with(needed)
    if not folders:
        raise UserError(
            f"{RESULTS}/: no folder with {what} here; start a run with blendmf run, or name the "
            "folder with --results"
        )
    configured = RESULTS / (configured_data_set() or "")
    if len(folders) > 1 and configured not in folders:
        raise UserError(
            f"{RESULTS}/: several folders have results; choose one with --results: "
            f"{_listed(folders)}"
        )
    return configured if configured in folders else folders[0]


def folders_with(needed: str) -> list[Path]:
    """Folders of data sets under ``results`` that have some files."""
    return sorted(
        folder
        for folder in RESULTS.glob("*")
        if folder.is_dir() and any(path.is_file() for path in folder.glob(needed))
    )


def read_figures(folder: Path, name: str | Path, needed: Sequence[str]) -> pd.DataFrame:
    """A table that a run has written to its folder, with at least some columns.

    Raises
    ------
    UserError
        If it is missing or damaged.
    """
    from blendmf.common.digests import intact
    from blendmf.common.files import read_csv

    path = folder / name
    if not path.is_file():
        raise UserError(f"{path}: not found; run snakemake to make it")
    table = read_csv(intact(path, folder))
    if missing := [column for column in needed if column not in table]:
        columns = ", ".join(missing)
        raise UserError(f"{path}: has no column {columns}; delete it and run snakemake again")
    return table


def model_names(folder: Path) -> list[str]:
    """Names of the trained models of a folder."""
    return sorted({path.parents[1].name for path in folder.glob("models/*/seed-*/model.npz")})


def configured_data_set() -> str | None:
    """Name of the data set in ``config.yaml`` of the working folder; None without one."""
    import yaml

    try:
        written = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
        return str(written["dataset"]["name"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return None


def configuration_of(folder: Path) -> dict[str, Any]:
    """The configuration of a finished run, from its manifest; empty without one."""
    path = folder / "manifest.json"
    if not path.is_file():
        return {}
    # These take time to load, which the completion of names does not need.
    from blendmf.common.digests import intact
    from blendmf.common.files import read_json

    configuration: dict[str, Any] = read_json(intact(path, folder))["configuration"]
    return configuration


def _listed(folders: Iterable[Path]) -> str:
    return ", ".join(map(str, folders))
