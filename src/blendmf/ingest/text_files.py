"""Text files of separated columns: opened in their encoding, and cut into records.

Python's CSV reader is slow but knows the lines of each record, also if a field contains line ends.
"""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from blendmf.common.errors import UserError
from blendmf.common.wording import shortened

BLOCK_BYTES = 1 << 23
"""Size of the blocks that Arrow reads: no field is longer."""

csv.field_size_limit(BLOCK_BYTES)

UNIT_SEPARATOR = "\x1f"
BLANKS = "blanks"
"""Separator of files whose columns are separated by runs of spaces and tabs."""

END = "\uffff" * 3
"""Line after the last one, which a quotation mark that is not closed encloses; no text has it."""

RUNS_OF_BLANKS = re.compile(rb"[ \t]+")
OUTER_BLANKS = re.compile(rb"(?<![^\r\n])[ \t]+|[ \t]+(?![^\r\n])")
"""Blanks with nothing or a line end on one side."""

MARK = "\ufeff"
"""Mark of the byte order as a character."""

WIDE_ENCODINGS = ("utf-16", "utf-32")
WIDE_MARKS = (
    *(codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
)
NUMBER = re.compile(r"[-+]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][-+]?[0-9]+)?")
START_BYTES = 1 << 12
LINES_READ, FIRST_CHARACTERS = 50, 1 << 20
JSON = ("{", "[")
TEXT_SHOWN = 80


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
    def has_long_separator(self) -> bool:
        """Whether another character takes its place, because the readers know short ones only."""
        return len(self.separator) > 1 or not self.separator.isascii()

    def with_one_separator(self, lines: Iterable[str]) -> Iterable[str]:
        """The lines with a separator of one character."""
        if not self.has_long_separator:
            return lines
        return (with_unit_separators(line.encode(), self.separator).decode() for line in lines)

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
        return f"line {self.line} ({shortened(', '.join(self.fields), TEXT_SHOWN)})"


@contextmanager
def opened(path: Path, encoding: str, **options: Any) -> Iterator[TextIO]:
    """Open a text file, without a mark of the byte order; `options` are those of `Path.open`.

    Raises
    ------
    UserError
        If the file is missing.
    """
    try:
        is_utf8 = codecs.lookup(encoding).name == "utf-8"
        file = path.open(encoding="utf-8-sig" if is_utf8 else encoding, **options)
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such file. Fetch the data again, or correct the file's name under "
            "dataset.csv."
        ) from None
    with file:
        yield file


def first_lines(path: Path, encoding: str) -> list[str]:
    """The first lines of a text file that are not blank, at least one.

    Raises
    ------
    UserError
        If the file is missing, empty, compressed or JSON, if a line is too long, or if the lines
        end in other characters.
    """
    try:
        with opened(path, encoding) as file:
            require_text(path, file.buffer.read(START_BYTES), encoding)
            file.buffer.seek(0)
            lines = list(_given_lines(path, file))
    except UnicodeError as error:
        decoded(path, encoding)
        raise UserError(
            f"{path.name}: is not {encoding}: {error}. Set dataset.csv.encoding to its encoding, "
            "such as utf-8 or utf-16-le."
        ) from error
    if not lines:
        raise UserError(
            f"{path.name}: the file is empty. Give a file with data, or fetch it again."
        )
    if lines[0].lstrip().startswith(JSON):
        raise UserError(
            f"{path.name}: looks like JSON. Convert it into a table first (in pandas: read_json, "
            "with lines=True if each line is one record, then to_csv)."
        )
    if lines[0].startswith(MARK):
        raise UserError(
            f"{path.name}: begins with a mark of the byte order that is not part of {encoding}, or "
            "with two. Remove it, or set dataset.csv.encoding to utf-8 or utf-16."
        )
    if len(lines) == 1 and len(others := lines[0].splitlines()) > 2:
        end = lines[0][len(others[0])]
        raise UserError(
            f"{path.name}: its lines end in {end!r} (U+{ord(end):04X}), which ends no line of a "
            "table. Save it with usual line ends."
        )
    return lines


def _given_lines(path: Path, file: TextIO) -> Iterator[str]:
    """The first lines that are not blank, without their ends; few of them if they are long."""
    number = length = n_given = 0
    while (
        n_given < LINES_READ and length < FIRST_CHARACTERS and (line := file.readline(BLOCK_BYTES))
    ):
        number += 1
        if len(line) == BLOCK_BYTES or (n_given == 0 and len(line) > FIRST_CHARACTERS):
            most = 8 if n_given else 1
            raise UserError(
                f"{path.name}: line {number} is longer than {most} MiB. Write one row per line."
            )
        if line.strip():
            n_given += 1
            length += len(line)
            yield line.rstrip("\r\n")


def require_text(path: Path, start: bytes, encoding: str = "utf-8") -> None:
    """Refuse a file whose first bytes are those of no text, or of text in another encoding."""
    wide = codecs.lookup(encoding).name.startswith(WIDE_ENCODINGS)
    if not wide and start.startswith(WIDE_MARKS) and len(start) > len(codecs.BOM_UTF16_LE):
        bits = 32 if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) else 16
        raise UserError(
            f"{path.name}: begins with the mark of UTF-{bits}. Set dataset.csv.encoding: "
            f"utf-{bits}."
        )
    if b"\x00" in start and not wide:
        raise UserError(
            f"{path.name}: neither text nor Parquet, because it has NUL bytes. Unpack it, save the "
            "table as CSV in UTF-8, or set dataset.csv.encoding if it is UTF-16."
        )


def decoded(path: Path, encoding: str) -> str:
    """The whole text of a file; one that is not in its encoding is refused, naming the line."""
    content = path.read_bytes()
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{path.name}: line {line} (byte {error.start}) is not {encoding}: "
            f"{content[error.start : error.end]!r}. Save the file as {encoding}, or set "
            "dataset.csv.encoding to its encoding, such as latin-1, cp1252 or utf-16."
        ) from error


def is_number(text: str) -> bool:
    """Whether a text is a number, with a point or a comma."""
    return NUMBER.fullmatch(text.strip()) is not None


def is_utf8(path: Path) -> bool:
    """Whether all bytes of a file are UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(BLOCK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def split_line(line: str, separator: str) -> list[str]:
    """Fields of one line, as far as they do not contain line ends."""
    if separator == BLANKS:
        return re.split("[ \t]+", line.strip(" \t"))
    if len(separator) > 1:
        return line.split(separator)
    return next(csv.reader([line], delimiter=separator), [])


def utf8_content(file: TextFile) -> bytes:
    """The content of a file in UTF-8."""
    if file.encoding == "utf-8":
        return file.path.read_bytes()
    return decoded(file.path, file.encoding).encode()


def with_unit_separators(text: bytes, separator: str) -> bytes:
    """The text with a separator of one character in place of a longer one."""
    if separator == BLANKS:
        return RUNS_OF_BLANKS.sub(UNIT_SEPARATOR.encode(), OUTER_BLANKS.sub(b"", text))
    return text.replace(separator.encode(), UNIT_SEPARATOR.encode())


def records_of(file: TextFile) -> Iterator[Record]:
    """Iterate over the header and the rows of a file, without blank lines.

    Raises
    ------
    UserError
        If the file is missing, or if a field is too long or does not end.
    """
    with opened(file.path, file.encoding, errors="replace", newline="") as lines:
        reader = csv.reader(
            chain(file.with_one_separator(lines), (END,)),
            delimiter=UNIT_SEPARATOR if file.has_long_separator else file.separator,
            quoting=csv.QUOTE_MINIMAL if file.quoted else csv.QUOTE_NONE,
        )
        last_line = 0
        try:
            for fields in reader:
                if fields == [END]:
                    return
                if fields and fields[-1].endswith(END):
                    raise csv.Error("a quotation mark is not closed")
                if fields:
                    if file.has_long_separator:
                        # A quoted field may contain the separator.
                        fields = [f.replace(UNIT_SEPARATOR, file.separator) for f in fields]
                    yield Record(last_line + 1, reader.line_num, fields)
                last_line = reader.line_num
        except csv.Error as error:
            raise UserError(
                f"{file.path.name}: from line {last_line + 1}: {error}. Enclose fields that "
                "contain quotation marks in quotes, and double the marks inside."
            ) from error
