"""Samples of one's own files: opened, unpacked, in the right encoding, cut into columns."""

import codecs
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from blendmf.common.errors import UserError
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.archives import is_packed, unpack_in_place
from blendmf.ingest.dialects import found_separator, usual_width
from blendmf.ingest.first_rows import Column, sample_of
from blendmf.ingest.local_copies import require_plain_file
from blendmf.ingest.parquet_files import first_rows, is_parquet
from blendmf.ingest.text_files import (
    BLANKS,
    TEXT_SHOWN,
    TextFile,
    first_lines,
    is_utf8,
    records_of,
    split_line,
)

SAMPLE_ROWS = 10_000
MOST_COLUMNS = 1000

WRITTEN = {"\t": "tab"}
"""Separators that are written as a word."""


def require_file(path: Path) -> None:
    """Refuse a folder, a path where nothing is, and a file that cannot be read."""
    require_plain_file(path)
    if not path.is_file():
        what = "is a folder; give the file in it" if path.is_dir() else "no such file"
        raise UserError(f"{path}: {what}.")
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}.") from None


@contextmanager
def unpacked(paths: list[Path]) -> Iterator[Path]:
    """A folder with the files as they are after fetching: not compressed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in paths:
            if is_packed(path):
                shutil.copyfile(path, folder / path.name)
                unpack_in_place(
                    folder / path.name, DatasetSettings.model_fields["max_unpacked_gib"].default
                )
            else:
                (folder / path.name).symlink_to(path.resolve())
        yield folder


def _encoding(path: Path) -> str:
    """Encoding of a text file: UTF-8 if all is, UTF-16 or UTF-32 by its mark, otherwise Latin."""
    if is_utf8(path):
        return "utf-8"
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Latin-1 has no printable characters there.
    return "cp1252" if re.search(rb"[\x80-\x9f]", content) else "latin-1"


def sample(path: Path) -> tuple[list[Column], dict[str, Any]]:
    """The first rows of a file, and the settings that say how it is written."""
    if is_parquet(path):
        # pandas would hide the columns of its index.
        rows = first_rows(path, SAMPLE_ROWS)[0].to_pandas(ignore_metadata=True)
        texts = {name: rows[name].astype("str").mask(rows[name].isna(), "") for name in rows}
        return [Column(str(name), text) for name, text in texts.items()], {}
    encoding = _encoding(path)
    lines = first_lines(path, encoding)
    separator = found_separator(lines)
    if (width := len(split_line(lines[0], separator))) > MOST_COLUMNS:
        raise UserError(
            f"{path.name}: {width:,} columns, probably one per item. Write one row per rating "
            "instead (in pandas: melt), with columns for user, item and rating."
        )
    text = TextFile(path, separator, quoted=separator != BLANKS, encoding=encoding)
    rows = [record.fields for record in islice(records_of(text), SAMPLE_ROWS)]
    usual = usual_width([len(row) for row in rows])
    if len(rows[0]) < usual:
        shown = ", ".join(rows[0])[:TEXT_SHOWN]
        raise UserError(
            f"{path.name}: its first line ({shown}) has {len(rows[0])} column(s), most others "
            f"have {usual}. Remove lines above the header, or complete it; enclose fields "
            "that contain the separator in double quotes."
        )
    columns = sample_of(rows)
    written: dict[str, Any] = {"separator": WRITTEN.get(separator, separator)}
    if encoding != "utf-8":
        written["encoding"] = encoding
    if columns and isinstance(columns[0].name, int):
        written["header"] = False
    return columns, written
