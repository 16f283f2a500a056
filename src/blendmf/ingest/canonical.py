"""Reader of Parquet tables that are already in the canonical form, such as generated data."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from blendmf.common.errors import UserError
from blendmf.data.tables import ITEMS_COLUMNS, RATINGS_COLUMNS, TAGS_COLUMNS, read_column
from blendmf.ingest.raw_tables import GENRES_TYPE, Finding, RawTable, RawTables

MAY_BE_MISSING = ("title", "year", "tag")


def read_canonical(raw: Path) -> RawTables:
    """Read ``ratings.parquet`` and, if they exist, ``items.parquet`` and ``tags.parquet``.

    Raises
    ------
    UserError
        If a file is missing or not Parquet, or if a column is missing, has the wrong type or has
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


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_id(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind)) or _is_text(kind)


TYPES: dict[str, tuple[Callable[[pa.DataType], bool], str]] = {
    **dict.fromkeys(("user_id", "item_id"), (_is_id, "integers or strings")),
    **dict.fromkeys(("timestamp", "year"), (pa.types.is_integer, "integers")),
    **dict.fromkeys(("title", "tag"), (_is_text, "strings")),
    "rating": (pa.types.is_floating, "floating-point numbers"),
    "genres": (pa.types.is_list, "lists of strings"),
}


def _read(path: Path, columns: Sequence[str]) -> RawTable:
    try:
        schema = pq.read_schema(path)
        if missing := [name for name in columns if name not in schema.names]:
            raise UserError(
                f"{path.name}: no column {', '.join(missing)}; it has {', '.join(schema.names)}. "
                f"A canonical table needs {', '.join(columns)}."
            )
        # One after another, so that only one column exists twice while it is converted.
        series = {name: _column(path, name, schema.field(name).type) for name in columns}
    except FileNotFoundError:
        raise UserError(f"{path}: no such file. Fetch or generate the data again.") from None
    except pa.ArrowInvalid as error:
        raise UserError(f"{path.name}: no Parquet file: {error}. Write it again.") from error
    extra = [name for name in schema.names if name not in columns]
    note = Finding(path.name, len(extra), f"columns not used: {', '.join(extra)}")
    rows = pd.DataFrame(series, copy=False)
    return RawTable(rows, path.name, partial(_where, path, columns), (note,) if extra else ())


def _column(path: Path, name: str, kind: pa.DataType) -> pd.Series:
    """Read a column: string ids as a categorical, others in types that support missing values."""
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
    """Read a column into Arrow, which distinguishes missing from NaN; refuse missing values."""
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
