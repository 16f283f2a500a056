"""Delimited text files: parsed fast by Arrow, with line numbers in error messages.

Arrow does not know in which line a row is when values contain line ends or lines are blank. So if
it refuses a file, or if a value is wrong, Python's slower CSV reader finds the lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from blendmf.common.errors import UserError
from blendmf.common.wording import shortened
from blendmf.ingest.ids import IDS
from blendmf.ingest.raw_tables import ROWS_SHOWN, Finding, RawTable, bad_rows
from blendmf.ingest.text_checks import scanned, unusual_text
from blendmf.ingest.text_files import (
    BLOCK_BYTES,
    UNIT_SEPARATOR,
    TextFile,
    decoded,
    first_lines,
    records_of,
    utf8_content,
    with_unit_separators,
)
from blendmf.ingest.values import converted

COLUMNS_SHOWN = 1000
"""Characters of the names of unused columns that a finding has."""

ID_TYPE = pa.dictionary(pa.int32(), pa.string())
NUMBER_TYPES = {"rating": pa.float64(), "timestamp": pa.int64()}


class Head(NamedTuple):
    """Column names, number of lines above the first row, and whether there are rows."""

    names: tuple[str, ...]
    n_lines: int
    has_rows: bool


def read_delimited(file: TextFile, columns: Mapping[str, str]) -> RawTable:
    """Read some columns of a delimited file.

    `columns` maps the canonical name of each column to its name in the file. ``user_id`` and
    ``item_id`` become categoricals of the strings in the file, ``rating`` float64, ``timestamp``
    int64 seconds (from whole or decimal numbers, or from ISO 8601 dates in UTC), and other columns
    str. The findings report unused columns, blank lines and conversions of timestamps.

    Raises
    ------
    UserError
        If the file is missing, empty or not in its encoding, if it lacks a column, if a line has
        too many or too few fields, or if a value does not fit its column.
    """
    name, where = file.path.name, partial(_where, file)
    head = _head(file)
    scan = scanned(file)
    _check_columns(file, head, columns)
    findings = []
    if unused := [column for column in head.names if column not in columns.values()]:
        shown = shortened(", ".join(unused), COLUMNS_SHOWN)
        findings.append(Finding(name, len(unused), f"columns not used: {shown}"))
    if not head.has_rows:
        findings.append(Finding(name, 0, "no rows below the header"))
    try:
        dates_are_text = file.timestamp_format is not None
        numbers = {n: k for n, k in NUMBER_TYPES.items() if n != "timestamp" or not dates_are_text}
        if scan.rare_numbers:
            numbers = {}
        table = _parse(file, head, columns, numbers)
    except pa.ArrowInvalid as refusal:
        decoded(file.path, file.encoding)
        _check_number_of_fields(file, len(head.names))
        try:
            table = _parse(file, head, columns, {}, line_ends_in_values=True)
        except pa.ArrowInvalid:
            raise UserError(f"{name}: cannot be read: {refusal}. {file.advice}") from refusal
    raw = RawTable(table.to_pandas(), name, where)
    findings += unusual_text(file, columns, head.names, scan, len(raw.rows) + head.n_lines)
    raw = replace(raw, findings=tuple(findings))
    return converted(raw, file.decimal, file.timestamp_format)


def _head(file: TextFile) -> Head:
    first_lines(file.path, file.encoding)
    records = records_of(file)
    header = next(records) if file.starts_with_header else None
    has_rows = next(records, None) is not None
    of_header = () if header is None else tuple(name.strip() for name in header.fields)
    return Head(file.names or of_header, header.last_line if header else 0, has_rows)


def _where(file: TextFile, rows: Sequence[int]) -> list[str]:
    """Lines and fields of some rows, numbered from 0 and in ascending order."""
    first = int(file.starts_with_header)
    records = islice(records_of(file), first, first + rows[-1] + 1)
    return [str(record) for row, record in enumerate(records) if row in rows]


def _check_number_of_fields(file: TextFile, n_columns: int) -> None:
    wrong = (r for r in records_of(file) if len(r.fields) != n_columns)
    shown = [f"{record} has {len(record.fields)}" for record in islice(wrong, ROWS_SHOWN)]
    if count := len(shown) + sum(1 for _ in wrong):
        what = f"row(s) that do not have {n_columns} fields"
        remedy = "Correct them; enclose fields that contain the separator in quotes."
        if not file.quoted:
            remedy = "Correct them, or fetch the file again."
        raise bad_rows(file.path.name, count, what, shown, remedy)


def _check_columns(file: TextFile, head: Head, columns: Mapping[str, str]) -> None:
    for column in columns.values():
        if (count := head.names.count(column)) != 1:
            decoded(file.path, file.encoding)
            problem = "no column" if count == 0 else f"{count} columns named"
            advice = f"{file.advice} Columns of the same name can be numbered from 0." * (count > 1)
            raise UserError(
                f"{file.path.name}: {problem} {column!r}; it has "
                f"{shortened(', '.join(head.names), COLUMNS_SHOWN)}. "
                f"{advice or file.advice}"
            )


def _parse(
    file: TextFile,
    head: Head,
    columns: Mapping[str, str],
    number_types: Mapping[str, pa.DataType],
    *,
    line_ends_in_values: bool = False,
) -> pa.Table:
    """Parse a file into an Arrow table of the canonical columns."""
    kinds = {name: number_types.get(name, pa.string()) for name in columns}
    kinds |= {name: ID_TYPE for name in columns if name in IDS}
    if not head.has_rows:
        return pa.schema(kinds).empty_table()
    separator, encoding = file.separator, file.encoding
    # Unpacked files may keep the name of a compressed one, which Arrow would unpack again.
    source = pa.input_stream(str(file.path), compression=None)
    if file.has_long_separator:
        source = pa.BufferReader(with_unit_separators(utf8_content(file), separator))
        separator, encoding = UNIT_SEPARATOR, "utf-8"
    # A column that is both an id and a text is read as an id.
    in_file = {columns[name]: kinds[name] for name in sorted(columns, key=IDS.__contains__)}
    table = pyarrow.csv.read_csv(
        source,
        read_options=pyarrow.csv.ReadOptions(
            column_names=head.names,
            skip_rows=head.n_lines,
            encoding=encoding,
            block_size=BLOCK_BYTES,
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=separator,
            quote_char='"' if file.quoted else False,
            newlines_in_values=line_ends_in_values,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=in_file, include_columns=list(in_file), decimal_point=file.decimal
        ),
    )
    canonical = {name: table[column].cast(kinds[name]) for name, column in columns.items()}
    if file.has_long_separator and file.quoted:
        canonical = {
            name: _with_separator(values, file.separator) for name, values in canonical.items()
        }
    return pa.table(canonical).unify_dictionaries()


def _with_separator(values: pa.ChunkedArray, separator: str) -> pa.ChunkedArray:
    """Texts in which the separator, inside quotation marks, is written as in the file."""
    kind = values.type
    if kind not in (ID_TYPE, pa.string()):
        return values
    texts = pc.replace_substring(values.cast(pa.string()), UNIT_SEPARATOR, separator)
    return texts.dictionary_encode() if kind == ID_TYPE else texts
