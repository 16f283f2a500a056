"""Delimited text files: parsed fast by Arrow, with line numbers in error messages.

Arrow does not know in which line a row is when values contain line ends or lines are blank. So if
it refuses a file, or if a value is wrong, Python's slower CSV reader finds the lines.
"""

import codecs
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import AnyStr, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from blendmf.common.errors import UserError
from blendmf.ingest.raw_tables import FILL_IN, ROWS_SHOWN, Finding, RawTable, bad_rows
from blendmf.ingest.timestamps import seconds_of

BLOCK_BYTES = 1 << 23
csv.field_size_limit(BLOCK_BYTES)  # that of Arrow; a longer field has no closing quotation mark
START_BYTES = 1 << 12
UNIT_SEPARATOR = "\x1f"
BLANKS = "blanks"
"""Separator of files whose columns are separated by runs of spaces and tabs."""

TEXT_SHOWN = 80

IDS = ("user_id", "item_id")
ID_TYPE = pa.dictionary(pa.int32(), pa.string())
NUMBER_TYPES = {"rating": pa.float64(), "timestamp": pa.int64()}

BLANKS_OF_BYTES = re.compile(rb"[ \t]+")
WIDE_ENCODINGS = ("utf-16", "utf-32")
EDGES_OF_BYTES = re.compile(rb"^[ \t]+|[ \t]+(?=\r?$)", re.MULTILINE)


@dataclass(frozen=True)
class TextFile:
    """A delimited text file and its dialect.

    The `separator` has one or more characters. In `quoted` files, double quotes enclose fields and
    are doubled inside (RFC 4180). `encoding` is a Python codec. `names` are the names of the
    columns if they are not those of the header; the first row is a header unless `has_header` says
    otherwise. `decimal` is the decimal mark. `timestamp_format` is as in `datetime.strptime`.
    `advice` is the remedy if a column is missing.
    """

    path: Path
    separator: str = ","
    quoted: bool = True
    encoding: str = "utf-8"
    names: tuple[str, ...] | None = None
    has_header: bool | None = None
    decimal: str = "."
    timestamp_format: str | None = None
    advice: str = "The file is not as its publisher made it: delete it and fetch it again."

    @property
    def starts_with_header(self) -> bool:
        """Whether the first row is a header."""
        return self.names is None if self.has_header is None else self.has_header


class Record(NamedTuple):
    """Fields of a row with its first and last line (from 1)."""

    line: int
    last_line: int
    fields: list[str]

    def __str__(self) -> str:
        text = ", ".join(self.fields)
        return f"line {self.line} ({text[:TEXT_SHOWN]}{'...' if len(text) > TEXT_SHOWN else ''})"


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
    _check_columns(file, head, columns)
    findings = []
    if unused := [column for column in head.names if column not in columns.values()]:
        findings.append(Finding(name, len(unused), f"columns not used: {', '.join(unused)}"))
    if not head.has_rows:
        findings.append(Finding(name, 0, "no rows below the header"))
    try:
        dates_are_text = file.timestamp_format is not None
        numbers = {n: k for n, k in NUMBER_TYPES.items() if n != "timestamp" or not dates_are_text}
        table = _parse(file, head, columns, numbers)
    except pa.ArrowInvalid as refusal:
        check_encoding(file.path, file.encoding)
        _check_number_of_fields(file, len(head.names))
        try:
            table = _parse(file, head, columns, {}, line_ends_in_values=True)
        except pa.ArrowInvalid:
            raise UserError(f"{name}: cannot be read: {refusal}. {file.advice}") from refusal
    raw = RawTable(table.to_pandas(), name, where)
    findings += _unusual_lines(file, head, len(raw.rows))
    raw, empty = _without_empty_rows(raw)
    converted = _convert(raw, file)
    return RawTable(raw.rows, name, raw.where, (*findings, *empty, *converted))


def split_line(line: str, separator: str) -> list[str]:
    """Fields of one line, as far as they do not contain line ends."""
    if separator == BLANKS:
        return line.split()
    if len(separator) > 1:
        return line.split(separator)
    return next(csv.reader([line], delimiter=separator), [])


def _without_empty_rows(raw: RawTable) -> tuple[RawTable, list[Finding]]:
    """The table without rows that have no value in any column, as spreadsheets append them."""
    ids = raw.rows[next(name for name in raw.rows if name in IDS)].cat
    is_blank = (ids.categories.str.strip() == "")[ids.codes]
    suspects = raw.rows[is_blank]
    empty = [
        column.isna() | (column.astype("str").str.strip() == "") for _, column in suspects.items()
    ]
    rows_without_values = suspects.index[np.logical_and.reduce(empty)]
    if not len(rows_without_values):
        return raw, []
    kept = np.delete(np.arange(len(raw.rows)), rows_without_values)
    finding = Finding(raw.file, len(rows_without_values), "empty rows skipped")
    rest = raw.rows_at(kept)
    used = {
        name: rest.rows[name].cat.remove_unused_categories() for name in IDS if name in rest.rows
    }
    return replace(rest, rows=rest.rows.assign(**used)), [finding]


def records_of(file: TextFile, *, strict: bool = False) -> Iterator[Record]:
    """Iterate over the header and the rows of a file, without blank lines.

    Raises
    ------
    UserError
        If a field does not end; with `strict`, also if quotation marks are not balanced.
    """
    is_utf8 = codecs.lookup(file.encoding).name == "utf-8"
    codec = "utf-8-sig" if is_utf8 else file.encoding
    with file.path.open(encoding=codec, errors="replace", newline="") as lines:
        is_long = len(file.separator) > 1
        reader = csv.reader(
            (_with_unit_separators(line, file.separator) for line in lines) if is_long else lines,
            delimiter=UNIT_SEPARATOR if is_long else file.separator,
            quoting=csv.QUOTE_MINIMAL if file.quoted else csv.QUOTE_NONE,
            strict=strict,
        )
        last_line = 0
        try:
            for fields in reader:
                if fields:
                    yield Record(last_line + 1, reader.line_num, fields)
                last_line = reader.line_num
        except csv.Error as error:
            raise UserError(
                f"{file.path.name}: from line {last_line + 1}: {error}; a quotation mark is "
                "probably not closed. Enclose fields that contain quotation marks in quotes, and "
                "double the marks inside."
            ) from error


def _head(file: TextFile) -> Head:
    try:
        records = records_of(file)
        header = next(records, None) if file.starts_with_header else None
        has_rows = next(records, None) is not None
    except FileNotFoundError:
        raise UserError(
            f"{file.path}: no such file. Fetch the data again, or correct the file's name under "
            "dataset.csv."
        ) from None
    except LookupError:
        raise UserError(
            f"{file.path.name}: unknown encoding {file.encoding!r}. Set dataset.csv.encoding to "
            "one such as utf-8, latin-1 or cp1252."
        ) from None
    if file.names is not None and (header is not None or has_rows):
        return Head(file.names, header.last_line if header else 0, has_rows)
    if header is None:
        raise UserError(
            f"{file.path.name}: the file is empty. Give a file with data, or fetch it again."
        )
    return Head(tuple(name.strip() for name in header.fields), header.last_line, has_rows)


def _where(file: TextFile, rows: Sequence[int]) -> list[str]:
    """Lines and fields of some rows, numbered from 0 and in ascending order."""
    first = int(file.starts_with_header)
    records = islice(records_of(file), first, first + rows[-1] + 1)
    return [str(record) for row, record in enumerate(records) if row in rows]


def require_text(path: Path, start: bytes) -> None:
    """Refuse a file whose first bytes are those of no text."""
    if b"\x00" in start and not start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UserError(
            f"{path}: neither text nor Parquet. Unpack it, or save the table as CSV in UTF-8."
        )


def check_encoding(path: Path, encoding: str) -> None:
    """Refuse a text file that is not in its encoding; the message names the line."""
    content = path.read_bytes()
    require_text(path, content[:START_BYTES])
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{path.name}: line {line} (byte {error.start}) is not {encoding}: "
            f"{content[error.start : error.end]!r}. Save the file as {encoding}, or set "
            "dataset.csv.encoding to its encoding, such as latin-1, cp1252 or utf-16."
        ) from error


def _check_number_of_fields(file: TextFile, n_columns: int) -> None:
    wrong = (r for r in records_of(file) if len(r.fields) != n_columns)
    shown = [f"{record} has {len(record.fields)}" for record in islice(wrong, ROWS_SHOWN)]
    if count := len(shown) + sum(1 for _ in wrong):
        what = f"row(s) that do not have {n_columns} fields"
        remedy = "Correct them; enclose fields that contain the separator in quotes."
        if not file.quoted:
            remedy = "Correct them, or fetch the file again."
        raise bad_rows(file.path.name, count, what, shown, remedy)


def _unusual_lines(file: TextFile, head: Head, n_rows: int) -> list[Finding]:
    """Count blank lines and rows of several lines; a quotation mark that is not closed is refused.

    The slow reader is used only if there are more lines than rows.
    """
    # Some bytes of wider encodings look like line ends.
    is_wide = codecs.lookup(file.encoding).name.startswith(WIDE_ENCODINGS)
    with file.path.open(encoding=file.encoding) if is_wide else file.path.open("rb") as lines:
        n_lines = sum(1 for _ in lines)
    if n_lines <= n_rows + head.n_lines:
        return []
    covered = long = 0
    for record in records_of(file, strict=True):
        covered += record.last_line - record.line + 1
        long += record.last_line > record.line
    findings = [
        Finding(file.path.name, n_lines - covered, "blank lines skipped"),
        Finding(file.path.name, long, "rows of more than one line, by quoted line ends"),
    ]
    return [finding for finding in findings if finding.count > 0]


def _check_columns(file: TextFile, head: Head, columns: Mapping[str, str]) -> None:
    for column in columns.values():
        if (count := head.names.count(column)) != 1:
            check_encoding(file.path, file.encoding)
            problem = "no column" if count == 0 else f"{count} columns named"
            advice = f"{file.advice} Columns of the same name can be numbered from 0." * (count > 1)
            raise UserError(
                f"{file.path.name}: {problem} {column!r}; it has {', '.join(head.names)}. "
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
    separator = file.separator
    # Unpacked files may keep the name of a compressed one, which Arrow would unpack again.
    source = pa.input_stream(str(file.path), compression=None)
    if len(separator) > 1:
        source = pa.BufferReader(_with_unit_separators(file.path.read_bytes(), separator))
        separator = UNIT_SEPARATOR
    # A column that is both an id and a text is read as an id.
    in_file = {columns[name]: kinds[name] for name in sorted(columns, key=IDS.__contains__)}
    table = pyarrow.csv.read_csv(
        source,
        read_options=pyarrow.csv.ReadOptions(
            column_names=head.names,
            skip_rows=head.n_lines,
            encoding=file.encoding,
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
    return pa.table(canonical).unify_dictionaries()


def _with_unit_separators(text: AnyStr, separator: str) -> AnyStr:
    """The text with a separator of one character in place of a longer one."""
    if isinstance(text, bytes):
        if separator == BLANKS:
            return BLANKS_OF_BYTES.sub(UNIT_SEPARATOR.encode(), EDGES_OF_BYTES.sub(b"", text))
        return text.replace(separator.encode(), UNIT_SEPARATOR.encode())
    if separator == BLANKS:
        return UNIT_SEPARATOR.join(text.split()) + "\n"
    return text.replace(separator, UNIT_SEPARATOR)


def _convert(raw: RawTable, file: TextFile) -> list[Finding]:
    """Convert the columns in place to the types that `read_delimited` states."""
    rows, findings = raw.rows, []
    for name in rows.columns:
        if name in IDS:
            given = rows[name].cat.categories.str.strip().to_numpy() != ""
            raw.require(given[rows[name].cat.codes], f"row(s) without {name}", FILL_IN)
        elif name == "rating":
            text = rows[name]
            if file.decimal != "." and text.dtype != np.float64:
                text = text.str.replace(file.decimal, ".", regex=False)
            ratings = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
            raw.require_read(
                name,
                np.isfinite(ratings),
                "rating(s) that are not a finite number",
                "Write each as a number, with a point before decimals and nothing between "
                'thousands, or set dataset.csv.decimal to ",".',
            )
            rows[name] = ratings
        elif name == "timestamp":
            rows[name], notes = seconds_of(raw, file.timestamp_format)
            findings += notes
    return [finding for finding in findings if finding.count]
