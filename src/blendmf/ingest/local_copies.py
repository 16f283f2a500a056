"""Copies of a data set on this machine: where they are searched, and which of their files count."""

import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from blendmf.common.errors import UserError
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.catalogue import KNOWN, Layout, expanded, find_data_set, select

DATA_FOLDER_VARIABLE = "BLENDMF_DATA"

MAX_DEPTH = 2
"""Number of subfolder levels in which the files of a local folder are searched."""


def local_files(dataset: DatasetSettings, environment: Mapping[str, str]) -> list[str]:
    """Local files that fetching a data set would read; found quickly and without the network.

    These are an archive, or the data set's files in a folder (every file directly in it if neither
    the name nor `csv` determines them), or none. `environment` contains the environment variables.
    """
    name = dataset.name
    if not dataset.is_own and name in KNOWN and KNOWN[name].generated:
        return []
    given = dataset.path
    for copy in local_copies(name, environment) if given is None else [data_path(dataset)]:
        if copy.is_file():
            return [str(copy)]
        if members := _members_read(copy, dataset):
            return sorted(str(copy / member) for member in members)
    return []


def _members_read(folder: Path, dataset: DatasetSettings) -> list[str]:
    if not dataset.is_own and dataset.name not in KNOWN:
        return _files_below(folder, 0)
    try:
        _, members = select_in_folder(folder, find_data_set(dataset).layouts)
    except UserError:
        return []
    return list(members.values())


def data_path(dataset: DatasetSettings) -> Path:
    """Folder or archive of the configured `path`; the folder of a file if that is the data itself.

    Raises
    ------
    UserError
        As `find_data_set`.
    """
    path = expanded(str(dataset.path))
    if path.is_file() and dataset.is_own:
        names = [name for layout in find_data_set(dataset).layouts for name in layout.files]
        if path.name.removesuffix(".gz") in {name.removesuffix(".gz") for name in names}:
            return path.parent
    return path


def require_plain_file(path: Path) -> None:
    """Refuse a pipe, a socket and a device before it is opened, which could wait without end.

    Files, folders and paths where nothing is pass.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}.") from None
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise UserError(f"{path}: is a pipe, a socket or a device, not a file; give a plain file.")


def portable_path(path: str) -> str:
    """A path that says nothing of the machine and its users, for files that people pass on.

    It is relative to the working folder if it is given so or lies in it, otherwise the name alone.
    A path that begins with an environment variable stays as it is.
    """
    place = Path(path).expanduser()
    if not place.is_absolute():
        return path
    below = place.is_relative_to(Path.cwd())
    return place.relative_to(Path.cwd()).as_posix() if below else place.name


def portable(config: Mapping[str, Any]) -> dict[str, Any]:
    """The whole configuration with portable paths."""
    dataset, search = ({**config[block]} for block in ("dataset", "search"))
    for block, key in ((dataset, "path"), (search, "warm_start")):
        block[key] = None if block[key] is None else portable_path(block[key])
    return {**config, "dataset": dataset, "search": search}


def local_copies(name: str, environment: Mapping[str, str]) -> list[Path]:
    """Existing folder and archive of a data set in the folder that `BLENDMF_DATA` names."""
    if not environment.get(DATA_FOLDER_VARIABLE):
        return []
    root = expanded(environment[DATA_FOLDER_VARIABLE])
    folder, archive = root / name, root / f"{name}.zip"
    return [p for p, exists in ((folder, folder.is_dir()), (archive, archive.is_file())) if exists]


def select_in_folder(folder: Path, layouts: Sequence[Layout]) -> tuple[Layout, dict[str, str]]:
    """Find a data set's files in a folder, or up to `MAX_DEPTH` levels below it; see `select`.

    Hidden files and folders are ignored.

    Raises
    ------
    UserError
        If no layout is complete, or if a file exists twice at the same depth.
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
    """Relative paths of the files exactly `depth` levels below `folder`."""
    relative = (p.relative_to(folder) for p in folder.glob("*/" * depth + "*") if p.is_file())
    return [p.as_posix() for p in relative if not any(part.startswith(".") for part in p.parts)]
