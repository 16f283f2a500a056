"""Arrays in ``.npz`` files: reading allocates only what the file holds, and unpickles nothing."""

import math
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
"""Readers of the headers of arrays, by the version of their format."""


def read_npz(path: Path, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
    """Read all arrays of an uncompressed ``.npz`` file, or those of `names` that it has.

    Raises
    ------
    Exception
        Of any kind, if the file is damaged, compressed, has Python objects, or claims sizes that
        are not those of its contents.
    """
    size = path.stat().st_size
    with zipfile.ZipFile(path) as file:
        members = {member.filename.removesuffix(".npy"): member for member in file.infolist()}
        wanted = members if names is None else [name for name in names if name in members]
        return {name: _read_array(file, members[name], size) for name in wanted}


def add_array(path: Path, name: str, array: np.ndarray) -> None:
    """Add an array to an ``.npz`` file."""
    with zipfile.ZipFile(path, "a") as file, file.open(f"{name}.npy", "w") as content:
        np.lib.format.write_array(content, array, allow_pickle=False)


def _read_array(file: zipfile.ZipFile, member: zipfile.ZipInfo, size: int) -> np.ndarray:
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    with file.open(member) as content:
        shape, _, dtype = HEADERS[np.lib.format.read_magic(content)](content)
        n_bytes = content.tell() + math.prod(shape) * dtype.itemsize
    if dtype.hasobject:
        raise ValueError(f"{member.filename} has Python objects")
    if n_bytes != member.file_size or n_bytes > size:
        raise ValueError(
            f"{member.filename} claims {n_bytes:,} bytes, and has {min(member.file_size, size):,}"
        )
    with file.open(member) as content:
        array: np.ndarray = np.lib.format.read_array(content, allow_pickle=False)
    return array
