"""Ends of packed files: all bytes are counted, and none may follow the end.

The library's readers ignore what follows the end of an archive, where a damaged or joined file goes
on.
"""

import bz2
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

GIB = 2**30
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
"""First bytes of packed files."""

CHUNK = 2**20

ZIP_END, ZIP_END_BYTES = b"PK\x05\x06", 22
"""First bytes and length, without the comment, of the record at the end of a zip archive."""

TAR_BLOCK = 512
"""Zeros that end a tar archive, at least."""

AFTER_END = "it has data after its end"
MOST_ZEROS = 2**20
"""Zeros after the end of compressed data, with which tapes and disks fill their blocks."""

DECOMPRESSORS: dict[bytes, Callable[[], Any]] = {
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lzma.LZMADecompressor,
}
"""Compressions, by their first bytes, whose readers in the library ignore what follows the end."""


def bytes_to_end(tar: tarfile.TarFile, most: float) -> int:
    """Number of bytes after the last member, which are zeros; it stops above `most`.

    The checksum of compressed data follows them.
    """
    rest = cast(IO[bytes], tar.fileobj)
    n_zeros = rest.tell() - tar.offset
    while n_zeros <= most and (chunk := rest.read(CHUNK)):
        if chunk.count(0) < len(chunk):
            raise ValueError(AFTER_END)
        n_zeros += len(chunk)
    if n_zeros < TAR_BLOCK:
        raise EOFError("it has no end")
    return n_zeros


def require_nothing_after(path: Path, max_gib: float) -> None:
    """Raise a `ValueError` if a packed file goes on after its end.

    Each compression is unpacked whole where the library would ignore the rest.
    """
    with path.open("rb") as file:
        start = file.read(len(max(DECOMPRESSORS, key=len)))
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - MOST_ZEROS))
        if start.startswith((GZIP, ZIP)) and size > MOST_ZEROS and not any(file.read()):
            raise ValueError(f"{AFTER_END}: zeros")
        for magic, decompressor in DECOMPRESSORS.items():
            if start.startswith(magic):
                file.seek(0)
                _require_whole(file, magic, decompressor, max_gib * GIB)
    if start.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            file.seek(size - ZIP_END_BYTES - len(archive.comment))
            if file.read(len(ZIP_END)) != ZIP_END:
                raise ValueError(AFTER_END)
            if min((member.header_offset for member in archive.infolist()), default=0) > 0:
                raise ValueError("it has data before its start")


def _require_whole(
    file: IO[bytes], magic: bytes, decompressor: Callable[[], Any], most: float
) -> None:
    """Unpack streams of one compression up to the end of the file, or to `most` bytes."""
    stream, unpacked = decompressor(), 0
    while (data := file.read(CHUNK)) and unpacked <= most:
        while data:
            unpacked += len(stream.decompress(data, CHUNK))
            while not stream.needs_input and not stream.eof:
                unpacked += len(stream.decompress(b"", CHUNK))
            data = stream.unused_data if stream.eof else b""
            if stream.eof:
                data = data or file.read(CHUNK)
                if data and not data.startswith(magic):
                    raise ValueError(AFTER_END)
                stream = decompressor()
