"""Checks of whole text files for damage that the fast reader takes for values.

One pass over the characters decides which slower checks are needed.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from blendmf.common.errors import UserError
from blendmf.common.wording import shortened
from blendmf.ingest.numbers import needs_text
from blendmf.ingest.raw_tables import ROWS_SHOWN, Finding, bad_rows
from blendmf.ingest.text_files import (
    UNIT_SEPARATOR,
    Record,
    TextFile,
    is_number,
    is_utf8,
    opened,
    records_of,
    split_line,
)

CHUNK = 1 << 22
OVERLAP = 40
"""Characters of a chunk that are read again, because a number may be cut by its end."""

LATIN = ("iso8859-1", "cp1252")
OTHERS = re.compile(r"[^\x00-\x7f]")
CONTROLS = re.compile(r"[\x80-\x9f]")


@dataclass(frozen=True)
class Scan:
    """What the characters of a file say.

    Attributes
    ----------
    n_lines : int
    n_quotes : int
        Number of quotation marks.
    rare_numbers : bool
        Whether some text may be a number that Arrow reads in another way.
    n_controls : int
        Number of characters that Latin-1 has and no text uses.
    n_others : int
        Number of characters that ASCII does not have.
    """

    n_lines: int
    n_quotes: int
    rare_numbers: bool
    n_controls: int
    n_others: int


def scanned(file: TextFile) -> Scan:
    """Look at all characters of a file.

    Raises
    ------
    UserError
        If it has a NUL character, or the one that takes the place of a longer separator.
    """
    refused = {"\0": "NUL"} | ({UNIT_SEPARATOR: "U+001F"} if file.has_long_separator else {})
    n_lines = n_quotes = n_controls = n_others = 0
    rare, tail, last = False, "", "\n"
    with opened(file.path, file.encoding, errors="replace", newline="") as text:
        while chunk := text.read(CHUNK):
            for character, name in refused.items():
                if (place := chunk.find(character)) >= 0:
                    line = n_lines + _line_ends(chunk[:place], last) + 1
                    raise UserError(
                        f"{file.path.name}: line {line} has the character {name}, which is in no "
                        "table. The file is damaged or no text: get or write it again."
                    )
            n_lines += _line_ends(chunk, last)
            n_quotes += chunk.count('"')
            rare = rare or needs_text(tail + chunk)
            if not chunk.isascii():
                n_controls += len(CONTROLS.findall(chunk))
                n_others += len(OTHERS.findall(chunk))
            tail, last = chunk[-OVERLAP:], chunk[-1]
    return Scan(n_lines + (last not in "\r\n"), n_quotes, rare, n_controls, n_others)


def _line_ends(chunk: str, before: str) -> int:
    """Number of line ends in a chunk; a pair across its start counts in the one before."""
    n_returns = chunk.count("\r")
    pairs = int(before == "\r" and chunk.startswith("\n"))
    pairs += chunk.count("\r\n") if n_returns else 0
    return chunk.count("\n") + n_returns - pairs


def unusual_text(
    file: TextFile, columns: Mapping[str, str], names: tuple[str, ...], scan: Scan, n_rows: int
) -> list[Finding]:
    """Count blank lines, rows of several lines, misplaced quotation marks and foreign characters.

    Parameters
    ----------
    file : TextFile
    columns : mapping of str to str
        Name in the file of each canonical column.
    names : tuple of str
        Names of all columns of the file.
    scan : Scan
    n_rows : int
        Number of rows that were read, with the header.

    Raises
    ------
    UserError
        If a quotation mark is not closed, or if quotation marks enclose several ratings.
    """
    name, findings = file.path.name, []
    if scan.n_others and codecs.lookup(file.encoding).name in LATIN:
        if is_utf8(file.path):
            what = f"special letters read as {file.encoding}, but the file is UTF-8"
            findings.append(Finding(name, scan.n_others, what, doubtful=True))
        elif scan.n_controls:
            what = f"control characters of {file.encoding}: the encoding is probably cp1252"
            findings.append(Finding(name, scan.n_controls, what, doubtful=True))
    if scan.n_lines > n_rows or scan.n_quotes % 2:
        findings += _long_records(file, columns, names, scan.n_lines)
    if file.quoted and scan.n_quotes:
        findings += _misplaced_quotes(file)
    return findings


def _long_records(
    file: TextFile, columns: Mapping[str, str], names: tuple[str, ...], n_lines: int
) -> list[Finding]:
    """Blank lines, and rows of more than one line, from the reader that knows the lines."""
    name = file.path.name
    rating = names.index(columns["rating"]) if "rating" in columns else None
    covered = n_long = n_inside = 0
    long: list[Record] = []
    swallowing: list[Record] = []
    for record in records_of(file):
        covered += record.last_line - record.line + 1
        if record.last_line == record.line:
            continue
        n_long += 1
        long += [record] * (n_long <= ROWS_SHOWN)
        if (inside := _rows_inside(record, file, len(names), rating)) > 1:
            n_inside += inside - 1
            swallowing += [record] * (len(swallowing) < ROWS_SHOWN)
    if n_inside and rating is not None:
        what = "row(s) inside quotation marks, one of which is not closed"
        remedy = "Close it, or double the marks inside a field."
        raise bad_rows(name, n_inside, what, [_lines_of(r) for r in swallowing], remedy)
    what = "rows of more than one line, by quoted line ends, first"
    if n_inside:
        long, what = swallowing, f"{what[:-7]} that look like several rows, first"
    shown = ", ".join(map(_lines_of, long))
    findings = [
        Finding(name, n_lines - covered, "blank lines skipped"),
        Finding(name, n_long, f"{what} {shown}", doubtful=n_inside > 0),
    ]
    return [finding for finding in findings if finding.count > 0]


def _lines_of(record: Record) -> str:
    return f"lines {record.line} to {record.last_line} ({shortened(', '.join(record.fields))})"


def _rows_inside(record: Record, file: TextFile, n_columns: int, rating: int | None) -> int:
    """Number of the lines of a record that would be rows if its quotation marks were left out."""
    text = file.separator.join(record.fields)
    rows = (split_line(line, file.separator) for line in text.splitlines())
    return sum(len(row) == n_columns and (rating is None or is_number(row[rating])) for row in rows)


def _misplaced_quotes(file: TextFile) -> Iterator[Finding]:
    """Fields that go on after their closing quotation mark, which is left out."""
    end = re.escape(UNIT_SEPARATOR if file.has_long_separator else file.separator)
    misplaced = re.compile(rf'(?:^|{end})"(?:[^"]|"")*"(?!{end})[^"\r\n]')
    with opened(file.path, file.encoding, errors="replace") as lines:
        wrong = (
            n for n, line in enumerate(file.with_one_separator(lines), 1) if misplaced.search(line)
        )
        first = list(islice(wrong, ROWS_SHOWN))
        count = len(first) + sum(1 for _ in wrong)
    if count:
        shown = ", ".join(map(str, first))
        what = f"lines with a field that goes on after its closing quotation mark, first {shown}"
        yield Finding(file.path.name, count, f"{what}: read without the marks")
