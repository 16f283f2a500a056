"""Reader of one's own files, as `dataset.csv` describes them."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from blendmf.common.errors import UserError
from blendmf.config.dataset import CsvSettings, ItemsFile, OwnFile, RatingsFile, TagsFile
from blendmf.ingest.delimited import IDS, read_delimited
from blendmf.ingest.descriptions import described
from blendmf.ingest.dialects import own_text_file
from blendmf.ingest.raw_tables import FILL_IN, Finding, RawTable, RawTables
from blendmf.ingest.timestamps import seconds_of

COLUMNS = {
    "ratings": {"user_id": "user", "item_id": "item", "rating": "rating", "timestamp": "timestamp"},
    "items": {"item_id": "item", "title": "title", "year": "year", "genres": "genres"},
    "tags": {"user_id": "user", "item_id": "item", "tag": "tag", "timestamp": "timestamp"},
}
"""Key of each canonical column under ``dataset.csv``, by table."""


def read_own_files(raw: Path, csv: CsvSettings | None) -> RawTables:
    """Read the user's own files from a folder.

    Without a column of timestamps, all are 0 and temporal splits use the order of the file. Without
    a column of years, they are taken from titles such as "Heat (1995)". Several files of ratings
    count as one, in the order of their names in the configuration; their rows have the number of
    their file in the column ``file``.
    """
    if csv is None:
        raise UserError(
            "dataset.csv.ratings: missing; name there the file of the ratings and its columns "
            "(user, item, rating)"
        )
    ratings = read_table(raw, "ratings", csv)
    assert ratings is not None
    return RawTables(ratings, read_table(raw, "items", csv), read_table(raw, "tags", csv))


def read_table(raw: Path, table: str, csv: CsvSettings) -> RawTable | None:
    """Read one of the tables ``ratings``, ``items`` and ``tags``; None if it is not configured."""
    given: RatingsFile | ItemsFile | TagsFile | None = getattr(csv, table)
    if given is None:
        return None
    columns = named_columns(table, given)
    files = given.files if isinstance(given, RatingsFile) else [given.file]
    found = joined([_read(raw / file, table, given, csv, columns) for file in files])
    if isinstance(given, ItemsFile):
        return described(found, given.genres_separator)
    return found if "timestamp" in columns else without_times(found)


def _read(
    path: Path, table: str, given: OwnFile, csv: CsvSettings, columns: dict[str, str | int]
) -> RawTable:
    if path.suffix == ".parquet":
        return read_parquet(path, columns, getattr(given, "timestamp_format", None))
    return read_delimited(*own_text_file(path, table, given, csv, columns))


def named_columns(table: str, given: OwnFile) -> dict[str, str | int]:
    """The column of the file for each canonical column of a table that the settings name."""
    columns = {name: getattr(given, key) for name, key in COLUMNS[table].items()}
    return {name: column for name, column in columns.items() if column is not None}


def without_times(table: RawTable) -> RawTable:
    """The table with all timestamps 0, and a note that says so."""
    what = "no timestamps: temporal splits fall back on file order"
    note = Finding(table.file, len(table.rows), what)
    rows = table.rows.assign(timestamp=0)
    return replace(table, rows=rows, findings=(*table.findings, note))


def joined(tables: list[RawTable]) -> RawTable:
    """One table of several, in their order; a single one stays as it is."""
    if len(tables) == 1:
        return tables[0]
    ends = np.cumsum([len(table.rows) for table in tables])

    def where(rows: list[int]) -> Iterator[str]:
        for row in rows:
            number = int(np.searchsorted(ends, row, side="right"))
            first = ends[number - 1] if number else 0
            yield f"{tables[number].file}: {tables[number].where([row - int(first)])[0]}"

    rows = pd.concat(
        [table.rows.assign(file=np.int8(number)) for number, table in enumerate(tables)],
        ignore_index=True,
    )
    for name in IDS:
        if not pd.api.types.is_integer_dtype(rows[name]):
            rows[name] = rows[name].astype("str").astype("category")
    findings = tuple(finding for table in tables for finding in table.findings)
    names = ", ".join(table.file for table in tables)
    return RawTable(rows, names, lambda rows: list(where(list(rows))), findings)


def read_parquet(
    path: Path, columns: dict[str, str | int], timestamp_format: str | None = None
) -> RawTable:
    """Read some columns of a Parquet file as pandas, Polars or Arrow write it.

    Raises
    ------
    UserError
        If the file is missing or damaged, or if a column is missing or has missing values.
    """
    try:
        schema = pq.read_schema(path)
        names = {name: schema.names[c] if isinstance(c, int) else c for name, c in columns.items()}
        if missing := [column for column in names.values() if column not in schema.names]:
            raise UserError(
                f"{path.name}: no column {', '.join(missing)}; it has {', '.join(schema.names)}. "
                "Name the right columns under dataset.csv."
            )
        arrow = pq.read_table(path, columns=list(dict.fromkeys(names.values())))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file. Correct its name under dataset.csv.") from None
    except (pa.ArrowInvalid, OSError, IndexError) as error:
        raise UserError(
            f"{path.name}: cannot be read as Parquet: {error}. Write it again."
        ) from error
    rows = pd.DataFrame({name: _canonical(name, arrow[column]) for name, column in names.items()})
    table = RawTable(rows, path.name, partial(_where, rows))
    findings: list[Finding] = []
    for name in rows:
        if name in (*IDS, "rating"):
            table.require(rows[name].notna().to_numpy(), f"row(s) without {name}", FILL_IN)
        elif name == "timestamp":
            rows[name], findings = seconds_of(table, timestamp_format)
    return replace(table, findings=tuple(finding for finding in findings if finding.count))


def _canonical(name: str, column: pa.ChunkedArray) -> pd.Series:
    """A column in the type that the canonical tables need."""
    kind = column.type
    if name in IDS:
        return (
            column.to_pandas()
            if pa.types.is_integer(kind) and not column.null_count
            else _text(column).astype("category")
        )
    if name == "rating":
        return pd.to_numeric(column.to_pandas(), errors="coerce").astype(np.float64)
    if name == "timestamp" and (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        return column.cast(pa.timestamp("s"), safe=False).cast(pa.int64()).to_pandas()
    if name == "timestamp" and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return column.to_pandas()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pd.Series(
            [str(list(v)) if v is not None else "" for v in column.to_pylist()], dtype="str"
        )
    return _text(column).fillna("")


def _text(column: pa.ChunkedArray) -> pd.Series:
    return column.cast(pa.string()).to_pandas().astype("str")


def _where(rows: pd.DataFrame, numbers: list[int]) -> list[str]:
    return [
        f"row {number + 1} ({', '.join(str(value) for value in rows.iloc[number])})"
        for number in numbers
    ]
