"""Print the table of a command: for people, or with all digits for other programs.

On a terminal the table is Rich's; in a pipe or a file it is plain text that is never cut.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Hashable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from blendmf.common.errors import UserError
from blendmf.common.spreadsheets import defused
from blendmf.common.wording import printable

if TYPE_CHECKING:
    # The help and the completion of the shell come without waiting for pandas.
    import pandas as pd

GAP = 2
"""Characters between two columns on a terminal."""

WIDEST_WORD = 24
"""Longer words of texts may be broken on a terminal."""


class Format(StrEnum):
    """Forms of a table."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="Form of the table; default: that of the ending of --output, or table. csv, json and "
        "parquet have all columns and digits. In csv, a text that a spreadsheet would take for a "
        "formula starts with an apostrophe.",
        rich_help_panel="Output",
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        metavar="FILE",
        help="File to write instead of the terminal.",
        rich_help_panel="Output",
    ),
]


def note(text: str) -> None:
    """Tell people something that is no part of the table."""
    text = "\n".join(map(printable, text.split("\n")))
    if sys.stderr.isatty():
        columns = shutil.get_terminal_size().columns
        text = textwrap.fill(text, columns, break_long_words=False, break_on_hyphens=False)
    print(text, file=sys.stderr)


def show(
    table: pd.DataFrame,
    form: Format | None,
    output: Path | None,
    *,
    shown: Iterable[Hashable] | None = None,
    k: int | None = None,
    decimals: int = 4,
) -> None:
    """Print a table, or write it to a file.

    Parameters
    ----------
    table : DataFrame
        Its index is left out.
    form : Format, optional
        Default: that of the ending of `output`, otherwise a table for people.
    output : Path, optional
        Default: stdout.
    shown : iterable of str, optional
        Columns of the table for people; default: all.
    k : int, optional
        Length of the ranked lists, for the names of their metrics.
    decimals : int
        Decimals of ratings and errors in the table for people.

    Raises
    ------
    UserError
        If the file cannot be written, or Parquet would be written to a terminal.
    """
    form = form or _form_of(output)
    if output is None and form is Format.PARQUET and sys.stdout.isatty():
        raise UserError("--format parquet: not for a terminal; name a file with --output")
    if output is None and form is Format.TABLE and sys.stdout.isatty():
        _until_closed(lambda: _print_rich(_for_people(table, shown, k, decimals)))
        return
    content = _content(table, form, lambda: _for_people(table, shown, k, decimals))
    if output is None:
        _until_closed(lambda: _write_to_stdout(content))
        return
    if output.exists() and not output.is_file():
        raise UserError(f"{output}: is no plain file; name another one with --output")
    from blendmf.common.files import replacing

    try:
        with replacing(output) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise UserError(f"{output}: cannot be written: {error.strerror}") from None
    note(f"Written: {output}, {len(table):,} rows")


def _form_of(output: Path | None) -> Format:
    ending = "" if output is None else output.suffix.removeprefix(".").lower()
    return Format(ending) if ending in set(Format) else Format.TABLE


def _content(table: pd.DataFrame, form: Format, people: Callable[[], Cells]) -> bytes:
    match form:
        case Format.CSV:
            return defused(table).to_csv(index=False).encode()
        case Format.JSON:
            values = table.astype(object).to_numpy().tolist()
            records = [dict(zip(table, map(_plain, row), strict=True)) for row in values]
            lines = (json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records)
            return f"[{','.join(f'{chr(10)}  {line}' for line in lines)}\n]\n".encode()
        case Format.PARQUET:
            import pyarrow as pa
            import pyarrow.parquet as pq

            buffer = pa.BufferOutputStream()
            arrow = pa.Table.from_pandas(table, preserve_index=False)
            pq.write_table(arrow.replace_schema_metadata(None), buffer, compression="zstd")
            return buffer.getvalue().to_pybytes()
    return _aligned(people()).encode()


def _plain(value: Any) -> Any:
    """A value that JSON knows; None if it is missing."""
    import pandas as pd

    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if value is pd.NA or value is pd.NaT else value


Cells = tuple[list[str], list[bool], list[list[str]]]
"""Headers, whether each column is one of numbers, and rows."""


def _for_people(
    table: pd.DataFrame, shown: Iterable[Hashable] | None, k: int | None, decimals: int
) -> Cells:
    # The report's names of columns and forms of numbers.
    from blendmf.report.labels import label
    from blendmf.report.pages.tables import column_format

    chosen = table if shown is None else table[list(shown)]
    forms = [column_format(chosen[name]) for name in chosen]
    columns = [
        [
            label(value, k) if name == "metric" else _cell(value, form, decimals)
            for value in chosen[name].astype(object)
        ]
        for name, form in zip(chosen, forms, strict=True)
    ]
    rows = [list(row) for row in zip(*columns, strict=True)]
    headers = [label(str(name), k) for name in chosen]
    return headers, [form not in ("text", "yes-no") for form in forms], rows


def _cell(value: Any, form: str, decimals: int) -> str:
    import pandas as pd

    if pd.isna(value):
        return "\N{EN DASH}"
    match form:
        case "text" | "id":
            # Control characters would act on the terminal.
            return "".join(c if c.isprintable() else "?" for c in str(value))
        case "yes-no":
            return "yes" if value else "no"
        case "count":
            return f"{value:,.0f}"
        case "p":
            return "< 0.001" if value < 0.001 else f"{value:.3f}"
        case "share":
            return f"{100 * value:.1f} %"
        case "seconds":
            return f"{value:.2f}"
        case "squared":
            return f"{value:.6f}"
        case "scale":
            return f"{value:.4g}"
    return f"{value:z.{decimals}f}"


def _aligned(cells: Cells) -> str:
    """Columns aligned by spaces."""
    from rich.cells import cell_len

    headers, of_numbers, rows = cells
    lines = [headers, *rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]

    def padded(text: str, width: int, is_number: bool) -> str:
        blank = " " * (width - cell_len(text))
        return blank + text if is_number else text + blank

    return "".join(
        "  ".join(map(padded, line, widths, of_numbers)).rstrip() + "\n" for line in lines
    )


def _print_rich(cells: Cells) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    headers, of_numbers, rows = cells
    widths = fitting_widths(cells, console.width)
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for header, is_number, width in zip(headers, of_numbers, widths, strict=False):
        justify: Literal["left", "right"] = "right" if is_number else "left"
        shown.add_column(Text(header), justify=justify, width=width, overflow="fold")
    for row in rows:
        shown.add_row(*map(Text, row[: len(widths)]))
    console.print(shown)
    sys.stdout.flush()
    if left_out := headers[len(widths) :]:
        note(f"Too narrow for: {', '.join(left_out)}; widen the terminal, or use --format")


def fitting_widths(cells: Cells, available: int) -> list[int]:
    """Widths of the columns of a table that is at most `available` wide.

    Texts and headers are broken between words where the whole is too wide, numbers never. If that
    is not enough, the last columns are left out.
    """
    from rich.cells import cell_len

    headers, of_numbers, rows = cells
    columns = list(zip(headers, *rows, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    least = []
    for header, is_number, column in zip(headers, of_numbers, columns, strict=True):
        words = header.split() + [word for text in column[1:] for word in text.split()]
        texts = [*header.split(), *column[1:]] if is_number else words
        longest = max(map(cell_len, texts), default=0)
        least.append(longest if is_number else min(longest, WIDEST_WORD))
    while len(least) > 1 and sum(least) + GAP * (len(least) - 1) > available:
        least.pop()
    widths = widths[: len(least)]
    while sum(widths) + GAP * (len(widths) - 1) > available:
        slack = [width - smallest for width, smallest in zip(widths, least, strict=True)]
        # A broken header costs one line, a broken text one for each row.
        of_headers = [
            extra if is_number else 0 for extra, is_number in zip(slack, of_numbers, strict=False)
        ]
        reduced = of_headers if any(of_headers) else slack
        if not any(reduced):
            break
        widths[reduced.index(max(reduced))] -= 1
    return widths


def _write_to_stdout(content: bytes) -> None:
    sys.stdout.flush()
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:
        sys.stdout.write(content.decode())
    else:
        binary.write(content)
    sys.stdout.flush()


def _until_closed(write: Callable[[], None]) -> None:
    """Write to stdout; end without a message if its reader, such as ``head``, has ended."""
    try:
        write()
    except BrokenPipeError:
        # What is left in the buffer must not fail when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
