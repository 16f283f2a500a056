"""Values of raw tables: read as ids, ratings and times, or refused with their lines."""

from dataclasses import replace

import numpy as np
import pandas as pd

from blendmf.config.fields import LARGEST_RATING
from blendmf.ingest.ids import IDS, plain
from blendmf.ingest.numbers import numbers_in, vanished
from blendmf.ingest.raw_tables import FILL_IN, Finding, RawTable
from blendmf.ingest.timestamps import seconds_of

SMALLEST_RATING = 1.2e-38
"""Smallest rating above 0 in single precision."""


def converted(raw: RawTable, decimal: str = ".", timestamp_format: str | None = None) -> RawTable:
    """The table with ids, ratings and timestamps in the types of the canonical tables.

    Ids stay as they are, ratings become floating-point numbers and times whole seconds since 1970.
    Rows without any value, as spreadsheets append them, are left out. The findings count them and
    say how times were converted.

    Parameters
    ----------
    raw : RawTable
        Ids are integers or a categorical of strings, ratings and times numbers or text.
    decimal : str
        Decimal mark of the ratings.
    timestamp_format : str, optional
        As in `datetime.strptime`.

    Raises
    ------
    UserError
        If an id is missing, or if a rating or a time cannot be read.
    """
    raw = _without_empty_rows(raw)
    rows, findings = raw.rows, list(raw.findings)
    for name in rows:
        if name in IDS and rows[name].dtype == "category":
            given = np.array([plain(text) != "" for text in rows[name].cat.categories], dtype=bool)
            raw.require(given[rows[name].cat.codes], f"row(s) without {name}", FILL_IN)
        elif name == "rating":
            rows[name] = _ratings(raw, decimal)
        elif name == "timestamp":
            rows[name], notes = seconds_of(raw, timestamp_format)
            findings += [note for note in notes if note.count]
    return replace(raw, findings=tuple(findings))


def _ratings(raw: RawTable, decimal: str) -> pd.Series:
    """The ratings as floating-point numbers, all of which single precision can hold."""
    given = raw.rows["rating"]
    is_text = not pd.api.types.is_float_dtype(given)
    ratings = numbers_in(given, decimal) if is_text else given
    raw.require_read(
        "rating",
        np.isfinite(ratings.to_numpy()),
        "rating(s) that are not a finite number",
        "Write each as a number, with digits 0 to 9, "
        + ("a point" if decimal == "." else "a comma")
        + " before decimals and nothing between thousands, or correct dataset.csv.decimal.",
    )
    if ratings.dtype == np.float32:
        return ratings
    size = np.abs(ratings.to_numpy())
    fits = size <= LARGEST_RATING
    fits &= (size >= SMALLEST_RATING) | (size == 0)
    del size
    if is_text:
        fits &= ~vanished(given, ratings)
    raw.require(
        fits,
        f"rating(s) beyond single precision ({SMALLEST_RATING:g} to {LARGEST_RATING:g})",
        "Multiply all ratings by a constant.",
    )
    return ratings


def _without_empty_rows(raw: RawTable) -> RawTable:
    """The table without rows that have no value in any column."""
    ids = raw.rows[next(name for name in raw.rows if name in IDS)]
    if ids.dtype != "category":
        return raw
    is_blank = (ids.cat.categories.str.strip() == "")[ids.cat.codes]
    suspects = raw.rows[is_blank]
    empty = [
        column.isna() | (column.astype("str").str.strip() == "") for _, column in suspects.items()
    ]
    rows_without_values = suspects.index[np.logical_and.reduce(empty)]
    if not len(rows_without_values):
        return raw
    rest = raw.rows_at(np.delete(np.arange(len(raw.rows)), rows_without_values))
    used = {
        name: rest.rows[name].cat.remove_unused_categories()
        for name in IDS
        if name in rest.rows and rest.rows[name].dtype == "category"
    }
    finding = Finding(raw.file, len(rows_without_values), "empty rows skipped")
    return replace(rest, rows=rest.rows.assign(**used), findings=(*raw.findings, finding))
