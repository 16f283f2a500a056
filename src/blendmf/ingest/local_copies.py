"""Copies of a data set on this machine: where they may lie, and which files of theirs are read."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from blendmf.common.errors import UserError
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.catalogue import KNOWN, find_data_set
from blendmf.ingest.layouts import Layout, Selection, select

DATA_FOLDER_VARIABLE = "BLENDMF_DATA"

MAX_DEPTH = 2
"""How many folders below a local folder its files are still looked for."""


def local_files(dataset: DatasetSettings, environment: Mapping[str, str]) -> list[str]:
    """Local files that fetching a data set would read; cheap, and without the network.

    Parameters
    ----------
    dataset : DatasetSettings
    environment : mapping
        Environment variables.

    Returns
    -------
    list of str
        An archive, or the data set's files in a folder (every file directly in it, if neither the
        name nor `csv` names them); empty without a local copy.
    """
    name = dataset.name
    if dataset.csv is None and name in KNOWN and KNOWN[name].generated:
        return []
    given = dataset.path
    for copy in local_copies(name, environment) if given is None else [expanded(given)]:
        members = _members_read(copy, dataset)
        if copy.is_file() or members:
            return sorted(str(copy / member) for member in members) or [str(copy)]
    return []


def _members_read(folder: Path, dataset: DatasetSettings) -> list[str]:
    if dataset.csv is None and dataset.name not in KNOWN:
        return _files_below(folder, 0)
    try:
        layouts = find_data_set(dataset).layouts
        return list(select_in_folder(folder, layouts).members.values())
    except UserError:
        return []


def expanded(path: str) -> Path:
    """`path` with ``~`` replaced by the home folder."""
    return Path(path).expanduser()


def local_copies(name: str, environment: Mapping[str, str]) -> list[Path]:
    """Folder and archive of a data set, those that exist, where `BLENDMF_DATA` names a folder."""
    if not environment.get(DATA_FOLDER_VARIABLE):
        return []
    root = expanded(environment[DATA_FOLDER_VARIABLE])
    folder, archive = root / name, root / f"{name}.zip"
    return [p for p, exists in ((folder, folder.is_dir()), (archive, archive.is_file())) if exists]


def select_in_folder(folder: Path, layouts: Sequence[Layout]) -> Selection:
    """Find a data set's files in a folder, or up to `MAX_DEPTH` folders below it.

    Hidden files and folders are passed over.

    Raises
    ------
    UserError
        If no layout is complete, or a file is there twice at the same depth.
    """
    names: list[str] = []
    for depth in range(MAX_DEPTH):
        names += _files_below(folder, depth)
        try:
            return select(names, layouts, "the folder")
        except UserError:
            continue
    return select(names + _files_below(folder, MAX_DEPTH), layouts, "the folder")


def _files_below(folder: Path, depth: int) -> list[str]:
    """Paths within `folder` of the files exactly `depth` folders below it."""
    relative = (p.relative_to(folder) for p in folder.glob("*/" * depth + "*") if p.is_file())
    return [p.as_posix() for p in relative if not any(part.startswith(".") for part in p.parts)]
