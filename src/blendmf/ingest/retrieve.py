"""Taking a data set's files from one place, a local copy or a source, and checking them."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from blendmf.ingest.archives import member_names, unpack
from blendmf.ingest.catalogue import DataSet, Download, Wheel
from blendmf.ingest.download import SourceError, digest, get_download, get_wheel
from blendmf.ingest.layouts import Layout, RawFile, select
from blendmf.ingest.local_copies import select_in_folder


@dataclass(frozen=True)
class Retrieved:
    """How the files of a data set were got.

    Attributes
    ----------
    format : str
        Of the layout that was found.
    origin : str
        Path or address.
    retrieved_by : {"local-folder", "local-archive", "pip", "download", "generated"}
    archive_sha256 : str or None
        None where there was no archive.
    checksum_matches : bool or None
        Whether the known checksums were met; None where none is known.
    """

    format: str
    origin: str
    retrieved_by: str
    archive_sha256: str | None = None
    checksum_matches: bool | None = None


def from_folder(data_set: DataSet, folder: Path, files: Path) -> Retrieved:
    """Copy the data set's files from a local folder into the folder `files`.

    Another edition than the known one is told and recorded, not refused.

    Raises
    ------
    UserError
        If a required file is not there, or there twice.
    """
    selection = select_in_folder(folder, data_set.layouts)
    for name, member in selection.members.items():
        shutil.copyfile(folder / member, files / name)
    known = _checkable(selection.layout, files)
    matches = not _differing(known, files) if known else None
    return _told(Retrieved(selection.layout.format, str(folder), "local-folder", None, matches))


def from_archive(data_set: DataSet, archive: Path, files: Path, max_bytes: int) -> Retrieved:
    """Unpack the data set's files from a local archive into the folder `files`.

    Another edition than the known one is told and recorded, not refused.

    Raises
    ------
    UserError
        If the archive is damaged, dangerous or too large (see `blendmf.ingest.archives`), or a
        required file is not in it, or in it twice.
    """
    selection = select(member_names(archive, max_bytes), data_set.layouts, "the archive")
    unpack(archive, selection.members, files, max_bytes)
    layout = selection.layout
    known = _checkable(layout, files)
    checksum = _archive_checksum(data_set, layout)
    matches = None
    if known:
        matches = not _differing(known, files)
    elif checksum is not None:
        algorithm, expected = checksum.split(":")
        matches = digest(archive, algorithm) == expected
    return _told(Retrieved(layout.format, str(archive), "local-archive", digest(archive), matches))


def from_source(source: Wheel | Download, files: Path, scratch: Path, max_bytes: int) -> Retrieved:
    """Get the archive of a source and unpack the data set's files into the folder `files`.

    Parameters
    ----------
    source : Wheel or Download
    files, scratch : Path
        Empty folders, `scratch` for the archive.
    max_bytes : int

    Raises
    ------
    SourceError
        If the archive cannot be had, or a checksum is not the known one.
    UserError
        If the archive is damaged, dangerous, too large or incomplete.
    """
    layout = source.layout
    if isinstance(source, Wheel):
        archive, retrieved_by = get_wheel(source, scratch), "pip"
        checked = True
    else:
        archive, retrieved_by = get_download(source, scratch), "download"
        checked = source.checksum is not None or source.checksum_url is not None
    selection = select(member_names(archive, max_bytes), [layout], "the archive")
    unpack(archive, selection.members, files, max_bytes)
    known = _checkable(layout, files)
    if differing := _differing(known, files):
        raise SourceError(
            f"{', '.join(differing)} in {archive.name} differ from the known edition; to use "
            "another one, download it and give it as dataset.path"
        )
    matches = True if checked or known else None
    return Retrieved(layout.format, address(source), retrieved_by, digest(archive), matches)


def address(source: Wheel | Download) -> str:
    """Name a source in messages and records."""
    return f"pip: {source.requirement}" if isinstance(source, Wheel) else source.url


def _checkable(layout: Layout, files: Path) -> list[RawFile]:
    return [file for file in layout.files if file.sha256 and (files / file.name).exists()]


def _differing(known: list[RawFile], files: Path) -> list[str]:
    return [file.name for file in known if digest(files / file.name) != file.sha256]


def _archive_checksum(data_set: DataSet, layout: Layout) -> str | None:
    checksums = (
        s.checksum for s in data_set.sources if isinstance(s, Download) and s.layout == layout
    )
    return next(checksums, None)


def _told(retrieved: Retrieved) -> Retrieved:
    if retrieved.checksum_matches is False:
        print(
            f"warning: {retrieved.origin} is not the known edition (its checksums differ); it is "
            "used all the same, and figures may differ from published ones"
        )
    return retrieved
