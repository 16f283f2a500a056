"""How a text file is written: its separator, whether it has a header, and where its columns are."""

import csv
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from blendmf.common.errors import UserError
from blendmf.common.wording import shortened
from blendmf.config.dataset import CsvSettings, OwnFile
from blendmf.ingest.text_files import BLANKS, TextFile, first_lines, is_number, split_line

SEPARATORS = ("\t", ";", ",", "|", "::", BLANKS)
"""Separators that are looked for."""

WRITTEN = {"tab": "\t", "\\t": "\t", "blanks": BLANKS, "space": BLANKS, " ": BLANKS}
"""Separators as they are written in a configuration."""

HEADER_SHOWN = 300
"""Characters of a header that a message shows."""

LEAST_OF_RATINGS = 3
"""Smallest number of columns of a file of ratings."""

WIDE = 15
"""Smallest number of columns of a file that may have one column per item."""

Columns = Mapping[str, str | int]


def own_text_file(
    path: Path, table: str, given: OwnFile, csv_settings: CsvSettings, columns: Columns
) -> tuple[TextFile, dict[str, str]]:
    """A file of one's own as `read_delimited` reads it, and the names of its columns.

    Parameters
    ----------
    path : Path
    table : str
        ``ratings``, ``items``, ``tags`` or ``users``.
    given : OwnFile
        The file's settings.
    csv_settings : CsvSettings
        Settings of all files.
    columns : mapping of str to str or int
        Name or number of each canonical column.

    Raises
    ------
    UserError
        If the file is missing or not text, if a column cannot be found, or if the header looks like
        values.
    """
    key = f"dataset.csv.{table}"
    encoding = given.encoding or csv_settings.encoding
    lines = first_lines(path, encoding)
    names = [column for column in columns.values() if isinstance(column, str)]
    stated = given.separator or csv_settings.separator
    separator = (
        WRITTEN.get(stated, stated)
        if stated
        else found_separator(lines, [] if given.columns else names)
    )
    first = header_names(lines[0], separator)
    if given.columns is not None:
        header, has_header = list(given.columns), bool(given.header)
    elif names:
        header, has_header = first, True
        try:
            _check_header(path.name, key, first, columns, stated is not None)
        except UserError as error:
            if below := _header_below(lines, names):
                raise UserError(
                    f"{path.name}: the first line is not the header, which seems to be {below!r}. "
                    "Remove the lines above it."
                ) from error
            raise
    else:
        header = [f"column {number}" for number in range(len(first))]
        has_header = _is_header(given, columns, first)
    wrong = [
        f"{c} (for {name})"
        for name, c in columns.items()
        if isinstance(c, int) and c >= len(header)
    ]
    if wrong:
        raise UserError(
            f"{path.name}: no column {', '.join(wrong)}; it has {len(header)} columns, numbered "
            f"from 0: {shortened(', '.join(first), HEADER_SHOWN)}. Correct them under {key}."
        )
    text = TextFile(
        path,
        separator=separator,
        quoted=separator != BLANKS,
        encoding=encoding,
        names=tuple(header),
        has_header=has_header,
        decimal=csv_settings.decimal,
        timestamp_format=getattr(given, "timestamp_format", None),
        advice=f"Name the right columns under {key}.",
    )
    return text, {name: header[c] if isinstance(c, int) else c for name, c in columns.items()}


def found_separator(lines: Sequence[str], names: Sequence[str] = ()) -> str:
    """The separator that gives the header all `names`, or else every line most fields.

    Blanks come last, if another gives every line the columns that ratings need.

    Parameters
    ----------
    lines : sequence of str
        First lines of the file.
    names : sequence of str
        Columns that the header must have, if it has any.
    """

    def quality(separator: str) -> tuple[int, bool, bool, int, int]:
        n_named = len(set(header_names(lines[0], separator)).intersection(names))
        widths = _widths(lines, separator)
        # Dates such as "Sun Mar 13 07:23:20 2011" contain blanks.
        is_enough = separator != BLANKS and min(widths) >= LEAST_OF_RATINGS
        is_regular = len(set(widths)) == 1 and widths[0] > 1
        return n_named, is_regular, is_enough, min(widths), usual_width(widths)

    return max(SEPARATORS, key=quality)


def _widths(lines: Sequence[str], separator: str) -> list[int]:
    """Number of fields of each row in the first lines, whose quoted fields may contain line ends.

    The last row is left out, because its end may be missing.
    """
    if len(separator) > 1:
        return [len(split_line(line, separator)) for line in lines]
    try:
        rows = [*csv.reader((f"{line}\n" for line in lines), delimiter=separator)]
    except csv.Error:
        return [0]
    return [len(row) for row in (rows[:-1] or rows)]


def usual_width(widths: Sequence[int]) -> int:
    """The most frequent number of fields; the largest of equally frequent ones."""
    return max(set(widths), key=lambda width: (widths.count(width), width))


def header_names(line: str, separator: str) -> list[str]:
    """Names of the columns in a header."""
    return [name.strip().strip('"').strip() for name in split_line(line, separator)]


def _is_header(given: OwnFile, columns: Columns, first: Sequence[str]) -> bool:
    """Whether the first row of a file whose columns are numbered is a header."""
    if given.header is not None:
        return given.header
    rating = columns.get("rating")
    return isinstance(rating, int) and rating < len(first) and not is_number(first[rating])


def _header_below(lines: Sequence[str], names: Sequence[str]) -> str | None:
    """The first line that has all names, if it is not the first of all."""
    for line in lines[1:]:
        if any(set(names) <= set(header_names(line, separator)) for separator in SEPARATORS):
            return line
    return None


def _check_header(
    file: str, key: str, header: Sequence[str], columns: Columns, separator_stated: bool
) -> None:
    """Refuse a header without the named columns, or one that looks like a row of values."""
    shown = shortened(", ".join(header[:12]), HEADER_SHOWN) + ", ..." * (len(header) > 12)
    missing = {name: column for name, column in columns.items() if column not in header}
    values = sum(map(is_number, header)) >= max(1, len(header) // 2)
    telling = [columns["rating"]] if "rating" in columns else list(columns.values())
    is_wide = "rating" in missing and len(header) >= WIDE
    if values and not is_wide and (missing or all(is_number(str(column)) for column in telling)):
        raise UserError(
            f"{file}: its first row ({shown}) looks like values, not like a header. Number the "
            f"columns from 0 under {key}, such as user: 0, or list their names in {key}.columns."
        )
    if not missing:
        return
    named = ", ".join(f"{column!r} (for {name})" for name, column in missing.items())
    near = {
        c: get_close_matches(str(c).lower(), [h.lower() for h in header], 1)
        for c in missing.values()
    }
    hints = [next(h for h in header if h.lower() == found[0]) for found in near.values() if found]
    remedy = f"Name the right columns under {key}" + (
        f", perhaps {', '.join(hints)}." if hints else "."
    )
    if len(header) == 1:
        remedy = (
            "The separator is another one: correct dataset.csv.separator, or leave it out."
            if separator_stated
            else "If a separator is used, name it in dataset.csv.separator."
        )
    elif is_wide:
        remedy = (
            "If it has one column per item, write one row per rating instead (in pandas: melt), "
            "with columns for user, item and rating; if it has no header, number its columns."
        )
    raise UserError(f"{file}: no column {named}; it has {shown}. {remedy}")
