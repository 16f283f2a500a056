"""Tables that are already in the canonical form, as generated data is."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from blendmf.common.errors import UserError
from blendmf.data.tables import ITEMS_COLUMNS, RATINGS_COLUMNS, TAGS_COLUMNS, read_column
from blendmf.ingest.descriptions import GENRES_TYPE
from blendmf.ingest.raw_tables import Finding, RawTable, RawTables


def read_canonical(raw: Path) -> RawTables:
    """Read ``ratings.parquet`` and, if there, ``items.parquet`` and ``tags.parquet``.

    Raises
    ------
    UserError
        If a file is missing or no Parquet, lacks a column, or has one of another type or with
        missing values.
    """
    ratings = _read(raw / "ratings.parquet", RATINGS_COLUMNS)
    ratings.require(
        np.isfinite(ratings.rows["rating"].to_numpy()),
        "rating(s) that are not a finite number",
        "Correct them.",
    )
    items, tags = raw / "items.parquet", raw / "tags.parquet"
    return RawTables(
        ratings,
        _read(items, ITEMS_COLUMNS) if items.exists() else None,
        _read(tags, TAGS_COLUMNS) if tags.exists() else None,
    )


def _is_id(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or _is_text(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


TYPES = {
    "user_id": (_is_id, "integers or strings"),
    "item_id": (_is_id, "integers or strings"),
    "rating": (pa.types.is_floating, "floating-point numbers"),
    "timestamp": (pa.types.is_integer, "integers"),
    "title": (_is_text, "strings"),
    "year": (pa.types.is_integer, "integers"),
    "genres": (pa.types.is_list, "lists of strings"),
    "tag": (_is_text, "strings"),
}
MAY_BE_MISSING = ("title", "year", "tag")


def _read(path: Path, columns: Sequence[str]) -> RawTable:
    try:
        names = pq.read_schema(path).names
        if missing := [name for name in columns if name not in names]:
            raise UserError(
                f"{path.name}: no column {', '.join(missing)}; it has {', '.join(names)}. "
                f"A canonical table needs {', '.join(columns)}."
            )
        series = {name: _column(path, name) for name in columns}
    except FileNotFoundError:
        raise UserError(f"{path}: no such file. Fetch or generate the data again.") from None
    except pa.ArrowInvalid as error:
        raise UserError(f"{path.name}: no Parquet file: {error}. Write it again.") from error
    extra = [name for name in names if name not in columns]
    note = Finding(path.name, len(extra), f"columns not used: {', '.join(extra)}")
    rows = pd.DataFrame(series, copy=False)
    where = partial(_where, path, columns)
    return RawTable(rows, path.name, where, (note,) if extra else ())


def _column(path: Path, name: str) -> pd.Series:
    """Read a column: string ids as a categorical, in types that know missing values.

    One at a time, so that no other column exists twice while this one is converted.
    """
    kind = pq.read_schema(path).field(name).type
    is_right, right = TYPES[name]
    if not is_right(kind):
        raise UserError(f"{path.name}: column {name} holds {kind} instead of {right}. Convert it.")
    if pa.types.is_list(kind):
        genres = _arrow_column(path, name).cast(GENRES_TYPE.pyarrow_dtype)
        return genres.to_pandas(types_mapper=lambda _: GENRES_TYPE)
    if name == "year":
        return _arrow_column(path, name).to_pandas(types_mapper=lambda _: pd.Int64Dtype())
    if _is_text(kind) and name.endswith("_id"):
        return _arrow_column(path, name).dictionary_encode().to_pandas()
    column = read_column(path, name)
    if name not in MAY_BE_MISSING and column.isna().any():
        _arrow_column(path, name)
    return column


def _arrow_column(path: Path, name: str) -> pa.ChunkedArray:
    """Read a column as Arrow has it, in which missing is not NaN, and refuse a missing value."""
    column = pq.read_table(path, columns=[name])[name]
    if name not in MAY_BE_MISSING and column.null_count:
        row = column.is_null().index(pa.scalar(True)).as_py() + 1
        raise UserError(f"{path.name}: row {row} has no {name}. Fill it in or leave it out.")
    return column


def _where(path: Path, columns: Sequence[str], rows: Sequence[int]) -> list[str]:
    found = pq.read_table(path, columns=list(columns)).take(pa.array(rows)).to_pylist()
    return [
        f"row {row + 1} ({', '.join(str(value) for value in values.values())})"
        for row, values in zip(rows, found, strict=True)
    ]
