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

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from blendmf.common.errors import UserError
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.archives import is_packed, unpack_in_place
from blendmf.ingest.delimited import BLANKS, TEXT_SHOWN, TextFile, records_of, require_text
from blendmf.ingest.dialects import first_lines, found_separator, usual_width
from blendmf.ingest.first_rows import Column, sample_of

SAMPLE_ROWS = 10_000
CHUNK = 1 << 22

WRITTEN = {"\t": "tab"}
"""Separators that are written as a word."""


def require_readable(path: Path) -> None:
    """Refuse what is neither a text file, compressed or not, nor Parquet."""
    if not path.is_file():
        what = "is a folder; give the file in it" if path.is_dir() else "no such file"
        raise UserError(f"{path}: {what}.")
    with path.open("rb") as file:
        start = file.read(CHUNK >> 10)
    if path.suffix != ".parquet" and not start.startswith(b"\x1f\x8b"):
        require_text(path, start)


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
    """Encoding of a text file: UTF-8 if all of it is, UTF-16 by its mark, otherwise a Latin one."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        content = path.read_bytes()
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        # Latin-1 has no printable characters there.
        return "cp1252" if re.search(rb"[\x80-\x9f]", content) else "latin-1"
    return "utf-8"


def sample(path: Path) -> tuple[list[Column], dict[str, Any]]:
    """The first rows of a file, and the settings that say how it is written."""
    if path.suffix == ".parquet":
        try:
            with pq.ParquetFile(path) as file:
                batch = next(file.iter_batches(SAMPLE_ROWS), None)
        except (pa.ArrowInvalid, OSError) as error:
            raise UserError(f"{path.name}: cannot be read as Parquet: {error}.") from error
        # pandas would hide the columns of its index.
        rows = pd.DataFrame() if batch is None else batch.to_pandas(ignore_metadata=True)
        texts = {name: rows[name].astype("str").mask(rows[name].isna(), "") for name in rows}
        return [Column(str(name), text) for name, text in texts.items()], {}
    encoding = _encoding(path)
    separator = found_separator(first_lines(path, encoding))
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
