"""Checks of the configuration and of one's own files that take no time, before any job.

The first megabytes of each file are read as the import will read them, so that whatever is wrong
with a separator, a column, a date or the rating range is known at once. Small files are imported
and split.
"""

import codecs
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from pydantic import ValidationError

from blendmf.common.errors import UserError
from blendmf.common.files import write_json
from blendmf.common.wording import shortened
from blendmf.config.checks import experiment
from blendmf.config.dataset import DatasetSettings
from blendmf.config.experiment import Experiment
from blendmf.data.splits import split
from blendmf.data.user_features import require_described
from blendmf.ingest.archives import open_unpacked
from blendmf.ingest.catalogue import KNOWN, DataSet, find_data_set
from blendmf.ingest.import_tables import import_tables, require_range
from blendmf.ingest.local_copies import data_path, require_plain_file, select_in_folder
from blendmf.ingest.own_files import COLUMNS, read_table
from blendmf.ingest.parquet_files import FIRST_BYTES, first_rows, is_parquet
from blendmf.ingest.readers import READERS
from blendmf.ingest.validation import drop_unrated

SAMPLE_BYTES = 1 << 21
"""Bytes of each text file that are read."""

LINE_END = re.compile(r"\r\n|\n|\r")

PARQUET_ROWS = 10_000
"""Rows of each Parquet file that are read."""


def checked(config: Mapping[str, Any]) -> tuple[Experiment, list[str]]:
    """Validate a configuration and the first rows of its data; notes on what will be limited.

    Raises
    ------
    UserError
        With one line for each mistake in the configuration and in the data.
    """
    problems: list[str] = []
    notes: list[str] = []
    found, dataset = None, _dataset_of(config)
    try:
        found = experiment(config)
    except UserError as error:
        problems = str(error).splitlines()
    if found is not None:
        # Its data set includes the files of a given split.
        dataset = found.dataset
    if dataset is not None:
        problems += data_problems(dataset, found, notes)
    threshold = None if found is None else found.evaluation.relevance_threshold
    known = None if found is None or found.dataset.is_own else KNOWN.get(found.dataset.name)
    if threshold is not None and known is not None and known.rating_range is not None:
        low, high = known.rating_range
        if not low < threshold <= high:
            problems.append(
                f"configuration key evaluation.relevance_threshold: {threshold:g} divides no "
                f"ratings from {low:g} to {high:g}; set it within the range, or to null"
            )
    if problems:
        raise UserError("\n".join(problems))
    assert found is not None
    return found, notes


def _dataset_of(config: Mapping[str, Any]) -> DatasetSettings | None:
    """The block of the data, if it is valid although others are not."""
    try:
        return DatasetSettings.model_validate(config.get("dataset"))
    except ValidationError:
        return None


def data_problems(
    dataset: DatasetSettings, found: Experiment | None = None, notes: list[str] | None = None
) -> list[str]:
    """What is wrong with the data set as far as its name, path and first rows show it.

    Small files are read whole, so that, for an experiment without mistakes, they can be imported
    and split as the jobs will; then `notes` gets what the experiment must be limited to.
    """
    try:
        data_set = find_data_set(dataset)
        if not dataset.is_own or dataset.path is None:
            return []
        path = data_path(dataset)
        require_plain_file(path)
        if not path.exists():
            return [
                f"dataset.path: {dataset.path} does not exist; give the folder or archive of "
                "the files"
            ]
        if not path.is_dir():
            return []
        return list(_file_problems(dataset, data_set, path, found, [] if notes is None else notes))
    except UserError as error:
        return [str(error)]
    except OSError as error:
        return [f"dataset.path: {error.filename or dataset.path}: {error.strerror}"]


def _file_problems(
    dataset: DatasetSettings,
    data_set: DataSet,
    folder: Path,
    found: Experiment | None,
    notes: list[str],
) -> Iterator[str]:
    try:
        layout, members = select_in_folder(folder, data_set.layouts)
    except UserError as error:
        names = sorted(p.name + (not p.is_file()) * " (no file)" for p in folder.iterdir())
        here = shortened(", ".join(names[:8]), 500) or "nothing"
        yield f"dataset.path: {dataset.path}: {error}; it has {here}"
        return
    with tempfile.TemporaryDirectory() as name:
        sample = Path(name)
        max_gib = dataset.max_unpacked_gib
        encodings = {} if dataset.csv is None else dataset.csv.encodings
        copies = [
            _copy_first_rows(folder / member, sample / file, encodings.get(file, "utf-8"), max_gib)
            for file, member in members.items()
        ]
        faults = 0
        tables = COLUMNS if layout.format == "csv" else (layout.format,)
        for table in tables:
            try:
                ratings = (
                    read_table(sample, table, dataset.csv)
                    if dataset.csv
                    else READERS[layout.format](sample).ratings
                )
                if dataset.rating_range and ratings is not None and "rating" in ratings.rows:
                    low, high = dataset.rating_range
                    require_range(drop_unrated(ratings, dataset.unrated)[0], (low, high))
            except UserError as error:
                faults += 1
                yield str(error)
        if found is None or faults or not all(copies):
            return
        write_json(sample / "origin.json", {"format": layout.format})
        try:
            imported = import_tables(sample, dataset)
            files = imported.source["ratings_files"]
            split(imported.ratings, **found.split.model_dump(), files=files, seed=found.seed)
            if any(entry.uses_user_features for entry in found.models.values()):
                require_described(imported.users)
            notes += [f"note: {doubt}" for doubt in imported.source["doubts"]]
            notes += _limits(found, imported.source["counts"])
        except UserError as error:
            yield str(error)


def _limits(found: Experiment, counts: Mapping[str, int]) -> list[str]:
    """Notes on ranks that the data do not allow."""
    limited = [name for name, e in found.models.items() if e.limited_to(counts) != e]
    if not limited:
        return []
    largest = min(counts["users"], counts["items_rated"]) - 1
    return [
        f"note: the data have {counts['users']} users and {counts['items_rated']} items, so that "
        f"ranks go up to {largest} only (models {', '.join(limited)})"
    ]


def _copy_first_rows(path: Path, target: Path, encoding: str, max_gib: float) -> bool:
    """Copy the first whole rows of a file, unpacked; whether these are all its rows."""
    if is_parquet(path):
        table, is_whole = first_rows(path, PARQUET_ROWS)
        pq.write_table(table, target)
        return is_whole
    with open_unpacked(path, max_gib) as file:
        content = file.read(SAMPLE_BYTES + 1)
        if content.startswith(FIRST_BYTES):
            target.write_bytes(content + file.read())
            return _copy_first_rows(target, target, encoding, max_gib)
    is_whole = len(content) <= SAMPLE_BYTES
    target.write_bytes(content if is_whole else _whole_rows(content, encoding))
    return is_whole


def _whole_rows(content: bytes, encoding: str) -> bytes:
    """The whole rows at the start of a text; all of it if it is not in its encoding."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(content)
    except UnicodeError:
        return content
    lines = LINE_END.split(text)[:-1]
    # A line end inside quotes does not end a row.
    n_quotes = np.cumsum([line.count('"') for line in lines])
    n_rows = int(np.flatnonzero(n_quotes % 2 == 0).max(initial=-1)) + 1
    # Otherwise the marks are part of the values, such as inches, and enclose nothing.
    kept = lines[:n_rows] if n_rows > len(lines) / 2 else lines
    if not any(map(str.strip, kept)):
        return content
    return "".join(f"{line}\n" for line in kept).encode(encoding)
