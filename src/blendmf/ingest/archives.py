"""Unpacking of untrusted zip and tar archives.

Files are written under the names of a known layout, never under a member's own name. An archive
with a dangerous member is refused nevertheless, because its author made a mistake or means harm.
"""

import errno
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import IO, cast

from blendmf.common.errors import UserError
from blendmf.ingest.archive_ends import (
    CHUNK,
    GIB,
    GZIP,
    MOST_ZEROS,
    ZIP,
    bytes_to_end,
    require_nothing_after,
)
from blendmf.ingest.catalogue import Layout, select

Container = zipfile.ZipFile | tarfile.TarFile
OTHERS = {
    b"BZh91AY&": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!\x1a": "RAR",
    b"\x1f\x9d": "compress",
}
OTHER_BYTES = 8
"""First bytes of files that are packed in another way, and how many are looked at."""

_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    struct.error,
    ValueError,  # impossible offsets and names
    OverflowError,
    RuntimeError,  # an encrypted member, or an unsupported compression method
)


def unpack(archive: Path, layouts: Sequence[Layout], folder: Path, max_gib: float) -> Layout:
    """Write a data set's files from a zip or tar archive into an existing folder.

    The first complete one of `layouts` is written and returned; see `select`. The limit `max_gib`
    on the unpacked size is checked while unpacking, because the sizes that an archive declares may
    be wrong; a tar archive is also unpacked to be listed.

    Raises
    ------
    UserError
        If the file is damaged or not an archive, if it unpacks to more than `max_gib`, if a member
        is a link or a device or its name leads out of a folder, or if no layout is complete.
    """
    left = max_gib * GIB
    with _opened(archive, max_gib) as container:
        names = _file_names(container, archive, max_gib)
        layout, members = select(names, layouts, "the archive")
        for name, member in members.items():
            # extractfile gives None only for links and devices, which `_file_names` refuses.
            opened = (
                container.open(member)
                if isinstance(container, zipfile.ZipFile)
                else cast(IO[bytes], container.extractfile(member))
            )
            with opened as source:
                size = _write(source, folder / name, left, _too_large(archive, max_gib))
            if isinstance(container, zipfile.ZipFile) and size != (
                stated := container.getinfo(member).file_size
            ):
                raise ValueError(f"{name} has {size:,} bytes instead of {stated:,}")
            left -= size
    return layout


def _write(source: IO[bytes], target: Path, most: float, refusal: UserError) -> int:
    """Write at most so many bytes into a file; return their number, or raise the refusal."""
    size = 0
    with target.open("wb") as file:
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise refusal
            file.write(chunk)
    return size


def _file_names(container: Container, archive: Path, max_gib: float) -> list[str]:
    names = []
    left = max_gib * GIB
    for name, is_file, is_folder, size in _members(container):
        # Windows' rules cover drives and both kinds of slash.
        path = PureWindowsPath(name)
        if not name or "\0" in name or path.anchor or ".." in path.parts:
            raise UserError(
                f"{archive.name}: the member {name!r} would be written outside the target folder; "
                "the archive is refused, get it from its publisher"
            )
        if not (is_file or is_folder):
            raise UserError(
                f"{archive.name}: the member {name!r} is a link or a device, not a file; the "
                "archive is refused, get it from its publisher or give the folder of the unpacked "
                "files"
            )
        left -= size
        if left < 0:
            raise _too_large(archive, max_gib)
        if is_file:
            names.append(name)
    most = left + MOST_ZEROS
    if isinstance(container, tarfile.TarFile) and most < bytes_to_end(container, most):
        raise _too_large(archive, max_gib)
    return names


@contextmanager
def _opened(archive: Path, max_gib: float) -> Iterator[Container]:
    with _naming_damage(archive, "no zip or tar archive, or "):
        require_nothing_after(archive, max_gib)
        # zipfile.is_zipfile looks at the end, where a tar archive may contain a zip file.
        with archive.open("rb") as file:
            is_zip = file.read(2) == b"PK"
        with zipfile.ZipFile(archive) if is_zip else tarfile.open(archive) as container:
            yield container


@contextmanager
def _naming_damage(path: Path, or_else: str = "") -> Iterator[None]:
    """Report damage of a packed file as a `UserError`."""
    try:
        yield
    except (*_DAMAGE, OSError) as error:
        # Damage is an OSError without a number or with "invalid argument" (an impossible offset);
        # any other number is a problem of the machine.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(
            f"{path.name} is {or_else}damaged or cut short ({reason}); get it again"
        ) from error


def _members(container: Container) -> Iterator[tuple[str, bool, bool, int]]:
    """Name of each member, whether it is a file or a folder, and the bytes that listing unpacks."""
    if isinstance(container, zipfile.ZipFile):
        for zipped in container.infolist():
            is_plain = stat.S_IFMT(zipped.external_attr >> 16) in (0, stat.S_IFREG, stat.S_IFDIR)
            is_folder = zipped.filename.endswith("/")
            yield zipped.filename, is_plain and not is_folder, is_plain and is_folder, 0
    else:
        for member in container:
            yield member.name, member.isfile(), member.isdir(), member.size


def is_packed(path: Path) -> bool:
    """Whether a file is compressed by gzip, or a zip archive, whatever its name."""
    with path.open("rb") as file:
        start = file.read(4)
    return start[:2] == GZIP or start in (ZIP, b"PK\x05\x06")


@contextmanager
def open_unpacked(path: Path, max_gib: float) -> Iterator[IO[bytes]]:
    """Open a file, unpacked if it is compressed by gzip or a zip archive of one file.

    Raises
    ------
    UserError
        If it is damaged, packed twice or in another way, or if the archive has several files.
    """
    with path.open("rb") as file:
        start = file.read(OTHER_BYTES)
    for magic, name in OTHERS.items():
        if start.startswith(magic):
            raise UserError(f"{path.name} is packed by {name}; unpack it, or pack it by gzip")
    with _naming_damage(path):
        if start[:2] in (GZIP, ZIP[:2]):
            require_nothing_after(path, max_gib)
        if start[:2] == GZIP:
            with gzip.open(path) as unzipped:
                yield cast(IO[bytes], unzipped)
        elif start[:2] == ZIP[:2]:
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if not name.endswith("/")]
                if "[Content_Types].xml" in names:
                    raise UserError(
                        f"{path.name} is a spreadsheet or a document; save the table as CSV in "
                        "UTF-8"
                    )
                if len(names) != 1:
                    raise UserError(
                        f"{path.name} has {len(names)} files ({', '.join(names[:5])}); give the "
                        "archive as dataset.path, and the names in it under dataset.csv"
                    )
                with archive.open(names[0]) as member:
                    yield member
        else:
            with path.open("rb") as file:
                yield file


def unpack_in_place(path: Path, max_gib: float) -> None:
    """Replace a packed file by its content, see `open_unpacked`.

    Raises
    ------
    UserError
        If it cannot be unpacked, or unpacks to more than `max_gib`.
    """
    if not is_packed(path):
        with open_unpacked(path, max_gib):
            return
    unpacked = path.with_name(f".{path.name}.unpacked")
    with open_unpacked(path, max_gib) as source:
        _write(source, unpacked, max_gib * GIB, _too_large(path, max_gib))
    if is_packed(unpacked):
        raise UserError(f"{path.name} is packed twice; unpack it once")
    unpacked.replace(path)


def _too_large(archive: Path, max_gib: float) -> UserError:
    return UserError(
        f"{archive.name} unpacks to more than {max_gib:g} GiB; if that is expected, raise "
        "dataset.max_unpacked_gib"
    )
