"""Text files line by line: what stands where, and why a file was refused."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from blendmf.common.errors import UserError
from blendmf.ingest.raw_tables import OFFENDERS_SHOWN, Finding, offence

CHUNK_BYTES = 1 << 22
TEXT_SHOWN = 80


@dataclass(frozen=True)
class TextFile:
    """A delimited text file and how it is written.

    Attributes
    ----------
    path : Path
    separator : str
        One character or more between two fields.
    quoted : bool
        Whether fields may stand in double quotes, doubled inside (RFC 4180).
    encoding : str
        A codec that Python knows.
    names : tuple of str, optional
        Names of the columns, where the file has no header.
    advice : str
        What to do about a column that is not there.
    """

    path: Path
    separator: str = ","
    quoted: bool = True
    encoding: str = "utf-8"
    names: tuple[str, ...] | None = None
    advice: str = "The file is not as its publisher made it: delete it and fetch it again."

    @property
    def name(self) -> str:
        """Name of the file without its folder."""
        return self.path.name


@dataclass(frozen=True)
class Head:
    """How a file begins: names of the columns, lines above the first row, whether there is one."""

    names: tuple[str, ...]
    n_lines: int
    has_rows: bool


@dataclass(frozen=True)
class Record:
    """A row of a file: the line in which it begins and ends (from 1), and its fields."""

    line: int
    last_line: int
    fields: list[str]

    def __str__(self) -> str:
        text = ", ".join(self.fields)
        return f"line {self.line} ({text[:TEXT_SHOWN]}{'...' if len(text) > TEXT_SHOWN else ''})"


def records(file: TextFile, *, strict: bool = False) -> Iterator[Record]:
    """Every record of a file that is not a blank line, the header among them.

    Raises
    ------
    UserError
        If a field never ends; with `strict`, also if quotation marks are not balanced.
    """
    codec = "utf-8-sig" if file.encoding.lower().replace("_", "-") in UTF8 else file.encoding
    with file.path.open(encoding=codec, errors="replace", newline="") as opened:
        separator = file.separator
        reader = csv.reader(
            opened if len(separator) == 1 else (x.replace(separator, "\x1f") for x in opened),
            delimiter=separator if len(separator) == 1 else "\x1f",
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
                f"{file.name}: from line {last_line + 1}: {error}; a quotation mark is probably "
                "not closed. Put fields with quotation marks in quotes and double those inside."
            ) from error


UTF8 = ("utf-8", "utf8", "utf-8-sig")


def head(file: TextFile) -> Head:
    """Read the header and look whether anything follows.

    Raises
    ------
    UserError
        If the file is missing or blank, or its encoding is unknown.
    """
    try:
        first = records(file)
        header = None if file.names is not None else next(first, None)
        has_rows = next(first, None) is not None
    except FileNotFoundError:
        raise UserError(
            f"{file.path}: no such file. Fetch the data again, or correct the file's name under "
            "dataset.csv."
        ) from None
    except LookupError:
        raise UserError(
            f"{file.name}: unknown encoding {file.encoding!r}. Set dataset.csv.encoding to one "
            "such as utf-8, latin-1 or cp1252."
        ) from None
    if file.names is not None and has_rows:
        return Head(file.names, 0, has_rows)
    if header is None:
        raise UserError(
            f"{file.name}: the file is empty. Give a file with data, or fetch it again."
        )
    names = tuple(name.strip() for name in header.fields)
    return Head(names, header.last_line, has_rows)


def where(file: TextFile, rows: Sequence[int]) -> list[str]:
    """Lines and fields of some rows, numbered from 0 and in ascending order."""
    wanted, found = iter(rows), []
    next_row = next(wanted, None)
    body = records(file)
    if file.names is None:
        next(body)
    for row, record in enumerate(body):
        if row == next_row:
            found.append(str(record))
            next_row = next(wanted, None)
        if next_row is None:
            break
    return found


def explain_refusal(file: TextFile, n_columns: int) -> None:
    """Find out whether a file is refused for its encoding or for the number of its fields.

    Raises
    ------
    UserError
        If it is one of these, with the lines.
    """
    check_encoding(file)
    count = 0
    shown: list[str] = []
    for record in records(file):
        if len(record.fields) != n_columns:
            count += 1
            if len(shown) < OFFENDERS_SHOWN:
                shown.append(f"{record} has {len(record.fields)}")
    if count:
        what = f"row(s) that do not have {n_columns} fields"
        remedy = "Correct them; a field that holds the separator must stand in quotes."
        if not file.quoted:
            remedy = "Correct them, or fetch the file again."
        raise UserError(offence(file.name, count, what, shown, remedy))


def check_encoding(file: TextFile) -> None:
    """Make sure that a file is in the encoding that it should be in.

    Raises
    ------
    UserError
        With the line and the byte that are not.
    """
    content = file.path.read_bytes()
    try:
        content.decode(file.encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{file.name}: line {line} (byte {error.start}) is not {file.encoding}: "
            f"{content[error.start : error.end]!r}. Save the file as {file.encoding}, or set "
            "dataset.csv.encoding to the one it is in, such as latin-1, cp1252 or utf-16."
        ) from error


def odd_lines(file: TextFile, top: Head, n_rows: int) -> list[Finding]:
    """Count the lines that are not one row each: blank lines, and rows of several lines.

    The lines are looked at one by one only if there are more of them than rows.

    Raises
    ------
    UserError
        If a quotation mark is not closed.
    """
    n_lines = _count_lines(file.path)
    if n_lines <= n_rows + top.n_lines:
        return []
    covered = spanning = 0
    for record in records(file, strict=True):
        covered += record.last_line - record.line + 1
        spanning += record.last_line > record.line
    findings = [
        Finding(file.name, n_lines - covered, "blank lines skipped"),
        Finding(file.name, spanning, "rows of more than one line, by quoted line ends"),
    ]
    return [finding for finding in findings if finding.count > 0]


def _count_lines(path: Path) -> int:
    n_lines, last = 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            n_lines += chunk.count(b"\n")
            last = chunk[-1:]
    return n_lines + (last != b"\n")
