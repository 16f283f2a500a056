"""Fetching: a data set's raw files in one folder, with a record of where they came from."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from blendmf.common.errors import UserError
from blendmf.common.files import file_digest, write_json
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.archives import unpack, unpack_in_place
from blendmf.ingest.catalogue import DataSet, Download, Layout, Wheel, find_data_set
from blendmf.ingest.download import SourceError, get_download, get_wheel
from blendmf.ingest.local_copies import (
    DATA_FOLDER_VARIABLE,
    data_path,
    local_copies,
    portable_path,
    require_plain_file,
    select_in_folder,
)


@dataclass(frozen=True)
class Retrieved:
    """How the files of a data set were obtained; part of ``origin.json``.

    `origin` is an address or a local path without the folders of this machine.
    `retrieved_by` is "local-folder", "local-archive", "pip", "download" or "generated".
    `archive_sha256` is None without an archive, `checksum_matches` if no checksum is known.
    """

    format: str
    origin: str
    retrieved_by: str
    archive_sha256: str | None = None
    checksum_matches: bool | None = None


def fetch(
    dataset: DatasetSettings, target: Path, seed: int | None, environment: Mapping[str, str]
) -> None:
    """Put a data set's raw files and `origin.json` into the folder `target`, replacing it.

    If `path` is given, it is the only place that is tried. Otherwise these are tried in order: the
    copies in the folder that `BLENDMF_DATA` names, then the data set's sources. The folder appears
    complete or not at all. Generated data need the `seed`. `origin.json` has the keys ``name,
    format, origin, retrieved_by, archive_sha256, checksum_matches, files, licence, citation,
    rating_range``.

    Raises
    ------
    UserError
        If the data cannot be fetched; the message lists every place that was tried and the reason.
    """
    data_set = find_data_set(dataset)
    with _appearing_complete(target) as (files, scratch):
        if data_set.generated:
            retrieved = _generate(data_set, dataset, files, seed)
        elif dataset.path is not None:
            path = data_path(dataset)
            retrieved = _from_path(data_set, path, files, dataset.max_unpacked_gib)
        else:
            retrieved = _from_first(data_set, dataset, environment, files, scratch)
        for file in sorted(files.iterdir()) if dataset.is_own else ():
            unpack_in_place(file, dataset.max_unpacked_gib)
        origin = {
            "name": data_set.name,
            **asdict(retrieved),
            "files": {path.name: file_digest(path) for path in sorted(files.iterdir())},
            "licence": data_set.licence,
            "citation": data_set.citation,
            "rating_range": data_set.rating_range,
        }
        write_json(files / "origin.json", origin)


@contextmanager
def _appearing_complete(target: Path) -> Iterator[tuple[Path, Path]]:
    """Folder that becomes `target` if the block succeeds, and a folder for temporary files.

    Their name next to `target` is always the same, so that a run clears what a killed run left.
    """
    work = target.with_name(f".{target.name}.part")
    files, scratch = work / "files", work / "scratch"
    try:
        _clear(work)
        _clear(files)
        _clear(scratch)
        yield files, scratch
        if target.exists():
            shutil.rmtree(target)
        files.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _clear(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


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


def _from_path(data_set: DataSet, path: Path, files: Path, max_gib: float) -> Retrieved:
    require_plain_file(path)
    if not path.exists():
        raise UserError(
            f"dataset.path: {path} does not exist; give a folder or archive that contains "
            f"{data_set.name}, or null to use its own sources"
        )
    try:
        return _from_copy(data_set, path, files, max_gib)
    except (UserError, OSError) as error:
        raise UserError(f"dataset.path: {path}: {error}") from error


def _from_first(
    data_set: DataSet,
    dataset: DatasetSettings,
    environment: Mapping[str, str],
    files: Path,
    scratch: Path,
) -> Retrieved:
    """Take the files from the first place that has them."""
    max_gib = dataset.max_unpacked_gib
    places: Sequence[tuple[str, Callable[[], Retrieved]]] = [
        (str(copy), partial(_from_copy, data_set, copy, files, max_gib))
        for copy in local_copies(data_set.name, environment)
    ] + [
        (_address(source), partial(_from_source, source, files, scratch, max_gib))
        for source in data_set.sources
    ]
    reasons = []
    for place, retrieve in places:
        _clear(files)
        _clear(scratch)
        try:
            return retrieve()
        except (SourceError, UserError, OSError) as error:
            reasons.append(f"{place}: {error}")
            print(f"not taken from {reasons[-1]}")
    name = data_set.name
    folder = environment.get(DATA_FOLDER_VARIABLE) or "not set"
    needed = " or ".join(", ".join(layout.required) for layout in data_set.layouts)
    lines = [
        f"dataset.name: {name} could not be fetched from anywhere",
        *(f"  - {reason}" for reason in reasons),
        f"Provide a local copy ({needed}): give its folder or archive as dataset.path, or put "
        f"{name}/ or {name}.zip into the folder that the environment variable "
        f"{DATA_FOLDER_VARIABLE} names (now: {folder}).",
    ]
    raise UserError("\n".join(lines))


def _from_copy(data_set: DataSet, copy: Path, files: Path, max_gib: float) -> Retrieved:
    """Take the files from a local folder or archive; another edition is only warned about."""
    archive_sha256 = archive_checksum = None
    if copy.is_dir():
        layout, members = select_in_folder(copy, data_set.layouts)
        for name, member in members.items():
            shutil.copyfile(copy / member, files / name)
    else:
        layout = unpack(copy, data_set.layouts, files, max_gib)
        archive_sha256 = file_digest(copy)
        downloads = (source for source in data_set.sources if isinstance(source, Download))
        archive_checksum = next((s.checksum for s in downloads if s.layout == layout), None)
    matches = None
    if (differing := _differing(layout, files)) is not None:
        matches = not differing
    elif archive_checksum is not None:
        algorithm, expected = archive_checksum.split(":")
        matches = file_digest(copy, algorithm) == expected
    if matches is False:
        print(
            f"warning: {copy} is not the known edition (its checksums differ); it is used "
            "nevertheless, and figures may differ from published ones"
        )
    retrieved_by = "local-archive" if archive_sha256 else "local-folder"
    return Retrieved(layout.format, portable_path(str(copy)), retrieved_by, archive_sha256, matches)


def _from_source(source: Wheel | Download, files: Path, scratch: Path, max_gib: float) -> Retrieved:
    """Take the files from a source's archive, which is put into `scratch`.

    Raises
    ------
    SourceError
        If the archive cannot be downloaded, or a checksum is not the known one.
    UserError
        If the archive is damaged, dangerous, too large or incomplete.
    """
    if isinstance(source, Wheel):
        archive, retrieved_by, is_checked = get_wheel(source, scratch), "pip", True
    else:
        archive, retrieved_by = get_download(source, scratch, max_gib), "download"
        is_checked = source.checksum is not None or source.checksum_url is not None
    layout = unpack(archive, [source.layout], files, max_gib)
    differing = _differing(layout, files)
    if differing:
        raise SourceError(
            f"{', '.join(differing)} in {archive.name} differ from the known edition; to use "
            "another one, download it and give it as dataset.path"
        )
    matches = True if is_checked or differing is not None else None
    return Retrieved(layout.format, _address(source), retrieved_by, file_digest(archive), matches)


def _address(source: Wheel | Download) -> str:
    return f"pip: {source.requirement}" if isinstance(source, Wheel) else source.url


def _differing(layout: Layout, files: Path) -> list[str] | None:
    """Files that do not have their known checksum; None if no checksum is known."""
    checksums = {n: sha256 for n, sha256 in layout.files.items() if sha256 and (files / n).exists()}
    differing = [name for name, sha256 in checksums.items() if file_digest(files / name) != sha256]
    return differing if checksums else None
