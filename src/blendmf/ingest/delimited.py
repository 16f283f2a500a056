"""Delimited text files, read at the speed of the hardware and, if that fails, with line numbers.

A file is first parsed in one go by Arrow. Only when that refuses the file, or a value turns out
to be wrong, is it read again slowly to find out what stands in which line.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.ingest.lines import (
    Head,
    TextFile,
    check_encoding,
    explain_refusal,
    head,
    odd_lines,
    where,
)
from blendmf.ingest.raw_tables import Finding, RawTable

BLOCK_BYTES = 1 << 23
UNIT_SEPARATOR = "\x1f"

IDS = ("user_id", "item_id")
ID_TYPE = pa.dictionary(pa.int32(), pa.string())
NUMBER_TYPES = {"rating": pa.float64(), "timestamp": pa.int64()}

LARGEST_SECONDS = 2.0**53
MILLISECONDS_FROM = 10**11  # as seconds this would be the year 5138


def read_delimited(file: TextFile, columns: Mapping[str, str]) -> RawTable:
    """Read some columns of a delimited file.

    Parameters
    ----------
    file : TextFile
    columns : mapping of str to str
        Canonical name of a column to its name in the file. ``user_id`` and ``item_id`` become
        categoricals of the strings as they stand in the file, ``rating`` float64, ``timestamp``
        int64 seconds (whole or decimal numbers, or ISO 8601 dates taken as UTC), every other
        column str.

    Returns
    -------
    RawTable
        Columns in the order of `columns`. Its findings tell of columns left out, blank lines and
        conversions of timestamps.

    Raises
    ------
    UserError
        If the file is missing or empty, is not in its encoding, lacks a column, has a line with
        too many or too few fields, or a value that cannot be what its column needs.
    """
    top = head(file)
    positions = _positions(file, top, columns)
    left_out = _left_out(file, top, columns)
    if not top.has_rows:
        empty = Finding(file.name, 0, "no rows below the header")
        return RawTable(_no_rows(columns), file.name, partial(where, file), (*left_out, empty))
    try:
        table = _parse(file, top, positions, NUMBER_TYPES)
    except pa.ArrowInvalid as refusal:
        explain_refusal(file, len(top.names))
        table = _parse_as_text(file, top, positions, refusal)
    raw = RawTable(table.to_pandas(), file.name, partial(where, file))
    converted, findings = _convert(raw)
    blank = odd_lines(file, top, len(converted))
    return RawTable(converted, file.name, raw.where, (*left_out, *blank, *findings))


def _positions(file: TextFile, top: Head, columns: Mapping[str, str]) -> dict[str, int]:
    """Where each canonical column stands in the file."""
    for column in columns.values():
        if (count := top.names.count(column)) != 1:
            check_encoding(file)
            problem = "no column" if count == 0 else f"{count} columns named"
            raise UserError(
                f"{file.name}: {problem} {column!r}; it has {', '.join(top.names)}. {file.advice}"
            )
    return {name: top.names.index(column) for name, column in columns.items()}


def _left_out(file: TextFile, top: Head, columns: Mapping[str, str]) -> tuple[Finding, ...]:
    extra = [name for name in top.names if name not in set(columns.values())]
    what = f"columns not used: {', '.join(extra)}"
    return (Finding(file.name, len(extra), what),) if extra else ()


def _no_rows(columns: Mapping[str, str]) -> pd.DataFrame:
    types = {"rating": "float64", "timestamp": "int64"} | dict.fromkeys(IDS, "category")
    return pd.DataFrame({name: pd.Series([], dtype=types.get(name, "str")) for name in columns})


def _parse(
    file: TextFile,
    top: Head,
    positions: Mapping[str, int],
    number_types: Mapping[str, pa.DataType],
    *,
    line_ends_in_values: bool = False,
) -> pa.Table:
    """Parse a file into an Arrow table of the canonical columns."""
    separator, source = file.separator, str(file.path)
    if len(separator) > 1:
        content = file.path.read_bytes()
        source = pa.BufferReader(content.replace(separator.encode(), UNIT_SEPARATOR.encode()))
        separator = UNIT_SEPARATOR
    # A column may serve as an id and as text at once; it is then read as an id.
    types = {
        str(positions[name]): ID_TYPE if name in IDS else number_types.get(name, pa.string())
        for name in sorted(positions, key=lambda name: name in IDS)
    }
    table = pyarrow.csv.read_csv(
        source,
        read_options=pyarrow.csv.ReadOptions(
            column_names=[str(position) for position in range(len(top.names))],
            skip_rows=top.n_lines,
            encoding=file.encoding,
            block_size=BLOCK_BYTES,
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=separator,
            quote_char='"' if file.quoted else False,
            newlines_in_values=line_ends_in_values,
        ),
        convert_options=pyarrow.csv.ConvertOptions(column_types=types, include_columns=list(types)),
    )
    columns = {name: table[str(position)] for name, position in positions.items()}
    return pa.table(
        {
            name: column.cast(pa.string()) if name not in IDS and column.type == ID_TYPE else column
            for name, column in columns.items()
        }
    ).unify_dictionaries()


def _parse_as_text(
    file: TextFile, top: Head, positions: Mapping[str, int], refusal: pa.ArrowInvalid
) -> pa.Table:
    """Parse a file with its numbers left as text, after Arrow could not read them."""
    try:
        return _parse(file, top, positions, {}, line_ends_in_values=True)
    except pa.ArrowInvalid:
        raise UserError(f"{file.name}: cannot be read: {refusal}. {file.advice}") from refusal


def _convert(raw: RawTable) -> tuple[pd.DataFrame, list[Finding]]:
    """Convert values to the types that `read_delimited` states, or name lines that cannot be."""
    rows, findings = raw.rows, []
    for name in rows.columns:
        if name in IDS:
            given = rows[name].cat.categories.str.strip().to_numpy() != ""
            raw.require(given[rows[name].cat.codes], f"row(s) without {name}", "Fill it in.")
        elif name == "rating":
            ratings = pd.to_numeric(rows[name], errors="coerce").to_numpy(dtype=np.float64)
            raw.require(
                np.isfinite(ratings),
                "rating(s) that are not a finite number",
                "Write each as a number, with a point before decimals.",
            )
            rows[name] = ratings
        elif name == "timestamp":
            rows[name], notes = _seconds(raw)
            findings += notes
    return rows, findings


def _seconds(raw: RawTable) -> tuple[NDArray[np.int64], list[Finding]]:
    """Timestamps in whole seconds since 1970, and what was done to make them so."""
    column = raw.rows["timestamp"]
    if column.dtype == np.int64:
        return column.to_numpy(), _too_large(raw.file, column.to_numpy())
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    is_number = np.abs(numbers) < LARGEST_SECONDS
    if not is_number.all():
        dates = pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")
        if dates.notna().sum() > is_number.sum():
            raw.require(dates.notna().to_numpy(), *BAD_TIMESTAMP)
            seconds = dates.dt.as_unit("s").to_numpy(dtype="datetime64[s]").astype(np.int64)
            return seconds, [Finding(raw.file, len(seconds), "dates taken as UTC, in seconds")]
    raw.require(is_number, *BAD_TIMESTAMP)
    seconds = np.floor(numbers).astype(np.int64)
    cut = int((seconds != numbers).sum())
    notes = [Finding(raw.file, cut, "timestamps cut to whole seconds")] if cut else []
    return seconds, notes + _too_large(raw.file, seconds)


BAD_TIMESTAMP = (
    "timestamp(s) that are neither seconds nor an ISO 8601 date",
    "Write each as seconds since 1970 or as a date such as 2024-12-31T23:59:59.",
)


def _too_large(file: str, seconds: NDArray[np.int64]) -> list[Finding]:
    count = int((seconds >= MILLISECONDS_FROM).sum())
    what = "timestamps after the year 5000, perhaps milliseconds: taken as seconds all the same"
    return [Finding(file, count, what)] if count else []
