"""Reading and writing the files of a run; every writer is atomic.

A file is written under a temporary name in the same folder and then renamed: a reader sees the
whole file or none, and a killed job leaves no partial file under the real name.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    # A job that writes no table or matrix starts faster without them.
    import pandas as pd
    import scipy.sparse as sp

PathLike = str | os.PathLike[str]


@contextmanager
def replacing(path: PathLike) -> Iterator[Path]:
    """Temporary path that replaces `path` if the block ends without an error."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part{target.suffix}")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def parts_below(path: PathLike, folder: str) -> tuple[str, ...]:
    """Parts of a path below the last folder of that name; all parts if there is none."""
    parts = Path(path).parts
    places = [n for n, part in enumerate(parts[:-1]) if part == folder]
    return parts[places[-1] + 1 :] if places else parts


def place_in_results(path: PathLike) -> str:
    """Path of a result from the last folder ``results`` on, without storage or prefix."""
    return Path("results", *parts_below(path, "results")).as_posix()


def file_digest(path: PathLike, algorithm: str = "sha256") -> str:
    """Hexadecimal checksum of a file, which is read in pieces."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def write_text(path: PathLike, text: str) -> None:
    """Write `text` as UTF-8."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: PathLike, value: Any) -> None:
    """Write a JSON document, indented, keys in the given order; NaN is refused."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def read_json(path: PathLike) -> Any:
    """Read a JSON document."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_csv(path: PathLike, table: pd.DataFrame) -> None:
    """Write a table as CSV without its index, floats exactly."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)


def write_rows(path: PathLike, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows as CSV under a header, floats exactly."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def write_arrays(path: PathLike, arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays as an uncompressed ``.npz`` without pickle."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_arrays(path: PathLike, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
    """Read all arrays of an ``.npz`` file, or those of `names` that it has; pickle is refused."""
    with np.load(path, allow_pickle=False) as file:
        wanted = file.files if names is None else [name for name in names if name in file.files]
        return {name: file[name] for name in wanted}


def write_sparse(path: PathLike, matrix: sp.csr_array | sp.csr_matrix) -> None:
    """Write a sparse matrix as SciPy's ``.npz``."""
    import scipy.sparse as sp

    with replacing(path) as temporary:
        sp.save_npz(temporary, sp.csr_array(matrix), compressed=False)


def read_sparse(path: PathLike) -> sp.csr_array:
    """Read a sparse matrix written by `write_sparse`."""
    import scipy.sparse as sp

    return sp.csr_array(sp.load_npz(path))
