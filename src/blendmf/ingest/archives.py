"""Unpacking of zip and tar archives that may come from anywhere.

A member's name never becomes a path: the caller says under which name a member is written.
An archive that has a dangerous member is refused all the same, since whoever made it meant harm
or erred.
"""

import errno
import lzma
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from blendmf.common.errors import UserError

GIB = 2**30
CHUNK = 2**20

_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    struct.error,
    ValueError,  # offsets and names that make no sense
    OverflowError,
    RuntimeError,  # an encrypted member, or a compression method that Python lacks
)


def member_names(archive: Path, max_bytes: int) -> list[str]:
    """Names of the files in a zip or tar archive, in its order.

    Parameters
    ----------
    archive : Path
    max_bytes : int
        A compressed tar archive must be unpacked to be listed; no more than this.

    Raises
    ------
    UserError
        If the file is damaged or no such archive, a member is a link or a device or its name
        leads out of the target folder, or a tar archive unpacks to more than `max_bytes`.
    """
    with _opened(archive) as container:
        if isinstance(container, zipfile.ZipFile):
            return _zip_names(container, archive)
        return _tar_names(container, archive, max_bytes)


def unpack(archive: Path, members: Mapping[str, str], folder: Path, max_bytes: int) -> None:
    """Write some members of a zip or tar archive into a folder.

    Parameters
    ----------
    archive : Path
    members : mapping of str to str
        The members to write, of those that `member_names` gives, by the name of the file that
        each becomes; folders in that name are ignored.
    folder : Path
        An existing folder.
    max_bytes : int
        Limit on what is written in all; counted while unpacking, since the sizes that an archive
        declares need not be true.

    Raises
    ------
    UserError
        If the archive is damaged or unpacks to more than `max_bytes`.
    """
    left = max_bytes
    with _opened(archive) as container:
        for name, member in members.items():
            with (
                _member(container, member) as source,
                (folder / Path(name).name).open("wb") as target,
            ):
                while chunk := source.read(CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise _too_large(archive, max_bytes)
                    target.write(chunk)


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile | tarfile.TarFile]:
    """Open an archive, and tell whatever is wrong with its bytes as a `UserError`."""
    try:
        if _begins_as_zip(archive):
            with zipfile.ZipFile(archive) as zipped:
                yield zipped
        else:
            with tarfile.open(archive) as tar:
                yield tar
    except _DAMAGE as error:
        raise _damaged(archive, error) from error
    except OSError as error:
        # Bad data are an OSError without a number, an impossible offset an invalid argument; any
        # other number is the machine's trouble, not the archive's.
        if error.errno not in (None, errno.EINVAL):
            raise
        raise _damaged(archive, error) from error


def _begins_as_zip(archive: Path) -> bool:
    # zipfile.is_zipfile looks at the end, where a tar archive may hold a zip file.
    with archive.open("rb") as file:
        return file.read(2) == b"PK"


def _member(container: zipfile.ZipFile | tarfile.TarFile, name: str) -> IO[bytes]:
    if isinstance(container, zipfile.ZipFile):
        return container.open(name)
    # None only for members that are no files, which `member_names` refuses.
    return cast(IO[bytes], container.extractfile(name))


def _zip_names(container: zipfile.ZipFile, archive: Path) -> list[str]:
    names = []
    for member in container.infolist():
        _check_name(member.filename, archive)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _no_file(member.filename, archive)
        if not member.is_dir():
            names.append(member.filename)
    return names


def _tar_names(container: tarfile.TarFile, archive: Path, max_bytes: int) -> list[str]:
    names = []
    left = max_bytes
    for member in container:
        _check_name(member.name, archive)
        if not (member.isfile() or member.isdir()):
            raise _no_file(member.name, archive)
        # A tar file's members lie one behind the other, so the size in a header is true, and the
        # member's content has not been read yet.
        left -= member.size
        if left < 0:
            raise _too_large(archive, max_bytes)
        if member.isfile():
            names.append(member.name)
    _read_to_the_end(container)
    return names


def _read_to_the_end(container: tarfile.TarFile) -> None:
    """Read past the archive's last member, where compressed data have their checksum."""
    rest = cast(IO[bytes], container.fileobj)
    for _ in iter(lambda: rest.read(CHUNK), b""):
        pass


def _check_name(name: str, archive: Path) -> None:
    if (
        not name
        or name.startswith("/")
        or "\\" in name
        or "\0" in name
        or ".." in name.split("/")
        or re.match(r"[A-Za-z]:", name)
    ):
        raise UserError(
            f"{archive.name}: the member {name!r} would lie outside the target folder; "
            "the archive is refused, get it from its publisher"
        )


def _no_file(name: str, archive: Path) -> UserError:
    return UserError(
        f"{archive.name}: the member {name!r} is a link or a device, not a file; the archive is "
        "refused, get it from its publisher or give the folder of the unpacked files"
    )


def _too_large(archive: Path, max_bytes: int) -> UserError:
    return UserError(
        f"{archive.name} unpacks to more than {max_bytes / GIB:g} GiB; if that is as it should be, "
        "raise dataset.max_unpacked_gib"
    )


def _damaged(archive: Path, error: Exception) -> UserError:
    reason = str(error).partition("\n")[0] or type(error).__name__
    return UserError(
        f"{archive.name} is no zip or tar archive, or damaged or cut short ({reason}); get it again"
    )
