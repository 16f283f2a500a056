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

from blendmf.common.errors import UserError

if TYPE_CHECKING:
    # A process that reads or writes no table, matrix or array starts faster without them.
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp

PathLike = str | os.PathLike[str]

MAKE_AGAIN = "delete it and run snakemake again, or save the estimator again"

LONGEST_REASON = 200
"""Characters of a parser's message that are shown."""


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


@contextmanager
def reading(path: PathLike, remedy: str = MAKE_AGAIN) -> Iterator[None]:
    """Name the file and the remedy in whatever a parser raises about a damaged or foreign file.

    Raises
    ------
    UserError
        If the block raises any exception but one about memory.
    """
    try:
        yield
    except (UserError, MemoryError):
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST_REASON]
        raise UserError(f"{path}: cannot be read ({reason}); {remedy}") from error


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
    import numpy as np

    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def read_json(path: PathLike) -> Any:
    """Read a JSON document."""
    with reading(path):
        return json.loads(Path(path).read_text(encoding="utf-8"))


def read_text(path: PathLike) -> str:
    """Read text in UTF-8."""
    with reading(path):
        return Path(path).read_text(encoding="utf-8")


def read_csv(path: PathLike, **options: Any) -> pd.DataFrame:
    """Read a table from CSV; `options` are those of pandas."""
    import pandas as pd

    with reading(path):
        return pd.read_csv(path, **options)


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
    import numpy as np

    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_arrays(path: PathLike, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
    """Read all arrays of an ``.npz`` file, or those of `names` that it has; pickle is refused."""
    from blendmf.common.npz import read_npz

    with reading(path):
        return read_npz(Path(path), names)


def write_sparse(path: PathLike, matrix: sp.csr_array | sp.csr_matrix) -> None:
    """Write a sparse matrix as SciPy's ``.npz``."""
    import scipy.sparse as sp

    with replacing(path) as temporary:
        sp.save_npz(temporary, sp.csr_array(matrix), compressed=False)


def read_sparse(path: PathLike) -> sp.csr_array:
    """Read a sparse matrix written by `write_sparse`."""
    import scipy.sparse as sp

    from blendmf.common.npz import read_npz

    with reading(path):
        arrays = read_npz(Path(path))
        if arrays["format"] != b"csr":
            raise ValueError(f"the format is {arrays['format']}, not csr")
        matrix = sp.csr_array(
            tuple(arrays[part] for part in ("data", "indices", "indptr")),
            shape=tuple(arrays["shape"]),
        )
        # An index outside of the matrix would end the process.
        matrix.check_format(full_check=True)
        return matrix
