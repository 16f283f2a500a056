"""Tables that are already in the canonical form, as generated data is."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from blendmf.data.descriptions import GENRES_TYPE
from blendmf.data.raw_tables import Finding, RawTable, RawTables
from blendmf.data.tables import ITEMS_COLUMNS, RATINGS_COLUMNS, TAGS_COLUMNS
from blendmf.errors import UserError


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
        table = pq.read_table(path, columns=list(columns))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file. Fetch or generate the data again.") from None
    except pa.ArrowInvalid as error:
        raise UserError(f"{path.name}: no Parquet file: {error}. Write it again.") from error
    for name in columns:
        is_right, right = TYPES[name]
        if not is_right(table.schema.field(name).type):
            raise UserError(
                f"{path.name}: column {name} holds {table.schema.field(name).type} instead of "
                f"{right}. Convert it."
            )
        if name not in MAY_BE_MISSING and table[name].null_count:
            row = table[name].is_null().index(pa.scalar(True)).as_py() + 1
            raise UserError(f"{path.name}: row {row} has no {name}. Fill it in or leave it out.")
    extra = [name for name in names if name not in columns]
    note = Finding(path.name, len(extra), f"columns not used: {', '.join(extra)}")
    return RawTable(
        _to_frame(table), path.name, partial(_where, path, columns), (note,) if extra else ()
    )


def _to_frame(table: pa.Table) -> pd.DataFrame:
    """Convert with string ids as categoricals, and types that know missing values."""
    series = {}
    for name in table.column_names:
        column = table[name]
        if name == "genres":
            series[name] = column.cast(GENRES_TYPE.pyarrow_dtype).to_pandas(
                types_mapper=lambda _: GENRES_TYPE
            )
        elif name == "year":
            series[name] = column.to_pandas(types_mapper=lambda _: pd.Int64Dtype())
        elif name.endswith("_id") and _is_text(column.type):
            series[name] = column.dictionary_encode().to_pandas()
        else:
            series[name] = column.to_pandas()
    return pd.DataFrame(series)


def _where(path: Path, columns: Sequence[str], rows: Sequence[int]) -> list[str]:
    found = pq.read_table(path, columns=list(columns)).take(pa.array(rows)).to_pylist()
    return [
        f"row {row + 1} ({', '.join(str(value) for value in values.values())})"
        for row, values in zip(rows, found, strict=True)
    ]
