"""Fetching: a data set's raw files in one folder, with a record of where they came from."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from blendmf.common.errors import UserError
from blendmf.common.files import write_json
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.archives import GIB
from blendmf.ingest.catalogue import DataSet, find_data_set
from blendmf.ingest.download import SourceError, digest
from blendmf.ingest.local_copies import DATA_FOLDER_VARIABLE, expanded, local_copies
from blendmf.ingest.retrieve import Retrieved, address, from_archive, from_folder, from_source


def fetch(
    dataset: DatasetSettings, target: Path, seed: int | None, environment: Mapping[str, str]
) -> None:
    """Put a data set's raw files and `origin.json` into the folder `target`.

    Where `path` is given the files come from there or not at all. Else these are tried in order:
    the copies in the folder that `BLENDMF_DATA` names, then the data set's own sources. The
    folder appears whole or not at all. `origin.json` holds `name, format, origin, retrieved_by,
    archive_sha256, checksum_matches, files, licence, citation, rating_range`.

    Parameters
    ----------
    dataset : DatasetSettings
    target : Path
        The folder to make; one that exists is replaced.
    seed : int or None
        Needed where the data are generated.
    environment : mapping
        Environment variables.

    Raises
    ------
    UserError
        If the data cannot be had; the message lists every place that was tried with its reason.
    """
    data_set = find_data_set(dataset)
    with _appearing_whole(target) as (files, scratch):
        if data_set.generated:
            retrieved = _generate(data_set, dataset, files, seed)
        elif dataset.path is not None:
            retrieved = _from_path(data_set, dataset, files)
        else:
            retrieved = _from_first(data_set, dataset, environment, files, scratch)
        write_json(files / "origin.json", _origin(data_set, retrieved, files))


@contextmanager
def _appearing_whole(target: Path) -> Iterator[tuple[Path, Path]]:
    """Folder that becomes `target` when the block ends well, and one for what is thrown away.

    Both lie beside `target` under a name that is always the same, so that what a killed run left
    behind is cleared by the next.
    """
    work = target.with_name(f".{target.name}.part")
    files, scratch = work / "files", work / "scratch"
    try:
        _clear(work)
        yield _clear(files), _clear(scratch)
        if target.exists():
            shutil.rmtree(target)
        files.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _clear(folder: Path) -> Path:
    """Make `folder`, empty."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def _generate(
    data_set: DataSet, dataset: DatasetSettings, files: Path, seed: int | None
) -> Retrieved:
    if dataset.path is not None:
        raise UserError(
            f"dataset.path: {dataset.path} is given, but the data set synthetic is generated; "
            "set it to null or choose another dataset.name"
        )
    if seed is None:
        raise ValueError("generated data need a seed")
    from blendmf.ingest.synthetic import generate

    generate(files, dataset.synthetic, seed)
    return Retrieved(data_set.layouts[0].format, f"generated, seed {seed}", "generated")


def _from_path(data_set: DataSet, dataset: DatasetSettings, files: Path) -> Retrieved:
    assert dataset.path is not None
    path = expanded(dataset.path)
    if not path.exists():
        raise UserError(
            f"dataset.path: {path} does not exist; give a folder or archive that holds "
            f"{data_set.name}, or null to use its own sources"
        )
    try:
        return _from_copy(data_set, path, _max_bytes(dataset), files)
    except (UserError, OSError) as error:
        raise UserError(f"dataset.path: {path}: {error}") from error


def _from_copy(data_set: DataSet, copy: Path, max_bytes: int, files: Path) -> Retrieved:
    if copy.is_dir():
        return from_folder(data_set, copy, files)
    return from_archive(data_set, copy, files, max_bytes)


def _from_first(
    data_set: DataSet,
    dataset: DatasetSettings,
    environment: Mapping[str, str],
    files: Path,
    scratch: Path,
) -> Retrieved:
    """Take the files from the first place that can give them."""
    max_bytes = _max_bytes(dataset)
    places: Sequence[tuple[str, Callable[[], Retrieved]]] = [
        (str(copy), partial(_from_copy, data_set, copy, max_bytes, files))
        for copy in local_copies(data_set.name, environment)
    ] + [
        (address(source), partial(from_source, source, files, scratch, max_bytes))
        for source in data_set.sources
    ]
    reasons = []
    for place, take in places:
        _clear(files)
        _clear(scratch)
        try:
            return take()
        except (SourceError, UserError, OSError) as error:
            reasons.append(f"{place}: {error}")
            print(f"not taken from {reasons[-1]}")
    raise UserError(_nowhere(data_set, environment, reasons))


def _max_bytes(dataset: DatasetSettings) -> int:
    return int(dataset.max_unpacked_gib * GIB)


def _nowhere(data_set: DataSet, environment: Mapping[str, str], reasons: list[str]) -> str:
    name = data_set.name
    files = " or ".join(
        ", ".join(file.name for file in layout.files if file.required)
        for layout in data_set.layouts
    )
    folder = environment.get(DATA_FOLDER_VARIABLE) or "not set"
    return "\n".join(
        [
            f"dataset.name: {name} could not be had from anywhere",
            *(f"  - {reason}" for reason in reasons),
            f"Provide a local copy ({files}): give its folder or archive as dataset.path, or put "
            f"{name}/ or {name}.zip into the folder that the environment variable "
            f"{DATA_FOLDER_VARIABLE} names (now: {folder}).",
        ]
    )


def _origin(data_set: DataSet, retrieved: Retrieved, files: Path) -> dict[str, Any]:
    return {
        "name": data_set.name,
        "format": retrieved.format,
        "origin": retrieved.origin,
        "retrieved_by": retrieved.retrieved_by,
        "archive_sha256": retrieved.archive_sha256,
        "checksum_matches": retrieved.checksum_matches,
        "files": {path.name: digest(path) for path in sorted(files.iterdir())},
        "licence": data_set.licence,
        "citation": data_set.citation,
        "rating_range": data_set.rating_range,
    }
