"""Parquet files as pandas, Polars or Arrow write them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from blendmf.common.errors import UserError
from blendmf.data.tables import parquet_column
from blendmf.ingest.ids import IDS
from blendmf.ingest.raw_tables import Finding, RawTable

FIRST_BYTES = b"PAR1"
SUFFIXES = (".parquet", ".pq")


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, by its first bytes, or should be, by its name."""
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(FIRST_BYTES)) == FIRST_BYTES
    except FileNotFoundError:
        return False


@contextmanager
def _refusing_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such file. Fetch the data again, or correct the file's name under "
            "dataset.csv."
        ) from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UserError(
            f"{path.name}: cannot be read as Parquet: {error}. Write it again."
        ) from error


def first_rows(path: Path, n_rows: int) -> tuple[pa.Table, bool]:
    """The first rows of a file, and whether these are all."""
    with _refusing_damage(path), pq.ParquetFile(path) as file:
        batches = list(file.iter_batches(n_rows))[:1]
        is_whole = bool(file.metadata.num_rows <= n_rows)
        return pa.Table.from_batches(batches, file.schema_arrow), is_whole


def column_names(path: Path) -> list[str]:
    """Names of all columns of a file."""
    with _refusing_damage(path):
        return list(pq.read_schema(path).names)


def read_parquet(path: Path, columns: Mapping[str, str | int]) -> RawTable:
    """Read some columns of a Parquet file; `columns` maps canonical names to names or numbers.

    Ids become integers or a categorical of strings, missing ones empty strings. Ratings and times
    become numbers, times in seconds, or text; all other columns become text.

    Raises
    ------
    UserError
        If the file is missing or damaged, or if a column is missing or cannot be converted.
    """
    with _refusing_damage(path):
        schema = pq.read_schema(path)
        names = {
            name: schema.names[c] if isinstance(c, int) and c < len(schema.names) else c
            for name, c in columns.items()
        }
        if missing := [str(c) for c in names.values() if c not in schema.names]:
            raise UserError(
                f"{path.name}: no column {', '.join(missing)}; it has {', '.join(schema.names)}. "
                "Name the right columns under dataset.csv."
            )
        # One after another, so that only one column exists twice while it is converted.
        series = {name: _column(path, str(c), name) for name, c in names.items()}
        n_rows = pq.read_metadata(path).num_rows
        if any(len(column) != n_rows for column in series.values()):
            raise pa.ArrowInvalid("its columns have different numbers of rows")
    unused = [column for column in schema.names if column not in names.values()]
    note = Finding(path.name, len(unused), f"columns not used: {', '.join(unused)}")
    where = partial(_where, path, list(map(str, names.values())))
    return RawTable(pd.DataFrame(series, copy=False), path.name, where, (note,) if unused else ())


def _column(path: Path, column: str, name: str) -> pd.Series:
    """A column in the types that `read_parquet` states."""
    kind = pq.read_schema(path).field(column).type
    if name in ("rating", "timestamp") and (
        pa.types.is_integer(kind) or pa.types.is_floating(kind)
    ):
        numbers = parquet_column(path, column)
        return numbers.astype("float64") if name == "rating" and kind != pa.float32() else numbers
    # Integers of 64 bits without a sign do not fit the type of ids.
    if name in IDS and pa.types.is_integer(kind) and kind != pa.uint64():
        ids = parquet_column(path, column)
        if pd.api.types.is_integer_dtype(ids):
            return ids
    values = pq.read_table(path, columns=[column])[column]
    try:
        return _converted(values, name)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UserError(
            f"{path.name}: column {column} holds {kind}, which cannot be read as the {name}. "
            "Write numbers or text."
        ) from error


def _converted(values: pa.ChunkedArray, name: str) -> pd.Series:
    kind = values.type
    if name == "rating" and (pa.types.is_decimal(kind) or pa.types.is_boolean(kind)):
        return values.cast(pa.float64()).to_pandas()
    if name == "timestamp" and (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        return values.cast(pa.timestamp("s"), safe=False).cast(pa.int64()).to_pandas()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        if name in (*IDS, "rating", "timestamp"):
            raise pa.ArrowInvalid("a list")
        texts = ["" if value is None else str(value) for value in values.to_pylist()]
        return pd.Series(texts, dtype="str")
    if name in IDS and pa.types.is_floating(kind):
        # pandas writes whole numbers as floating-point ones if some are missing.
        values = _whole_if_possible(values)
    text = values.cast(pa.string()).fill_null("")
    if name in IDS:
        return text.dictionary_encode().unify_dictionaries().to_pandas()
    return text.to_pandas().astype("str")


def _whole_if_possible(values: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return values.cast(pa.int64())
    except pa.ArrowInvalid:
        return values


def _where(path: Path, columns: Sequence[str], rows: Sequence[int]) -> list[str]:
    table = pq.read_table(path, columns=list(dict.fromkeys(columns)))
    found = table.take(pa.array(rows)).to_pylist()
    return [
        f"row {row + 1} ({', '.join(map(str, values.values()))})"
        for row, values in zip(rows, found, strict=True)
    ]
