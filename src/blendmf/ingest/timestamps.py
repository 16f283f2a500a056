"""Times of ratings and tags as whole seconds since 1970."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.ingest.numbers import numbers_in
from blendmf.ingest.raw_tables import Finding, RawTable

Seconds = NDArray[np.int64]

LARGEST_SECONDS = 2.0**53
MILLISECONDS_FROM = 1e11  # in seconds, this is the year 5138
UNITS = {1e17: "nanoseconds", 1e14: "microseconds", MILLISECONDS_FROM: "milliseconds"}
"""Smallest timestamp of each unit; smaller ones are seconds."""

PER_SECOND = {"nanoseconds": 10**9, "microseconds": 10**6, "milliseconds": 10**3}

DAYS = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y"),
    *("%d.%m.%y", "%m %d, %Y", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%d-%b-%Y"),
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %I:%M %p", ", %I:%M:%S %p")
FORMATS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S.%f UTC"),
    *("%Y/%m/%d", "%Y%m%d", "%Y"),
    *(f"{day}{time}" for time in TIMES for day in DAYS),
    *("%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S %z", "%a %b %d %H:%M:%S %Y"),
)
"""Forms of dates that are looked for, to be suggested."""

EARLIEST, LATEST = 631152000.0, 2.2e9
"""Seconds since 1970 that may be times of ratings: from 1990 to 2039."""

SERIAL_DAYS = (32874, 50771)
"""The same from 1990 to 2039 as spreadsheets count them, in days since 1899-12-30."""

WITHOUT = (
    "Fill them in, remove the rows, or do without the column of timestamps: then the order of the "
    "rows counts."
)
"""Remedy of missing times."""

WHAT = "timestamp(s) that are neither seconds nor an ISO 8601 date"
EXAMPLE = "write each as seconds since 1970 or as a date such as 2024-12-31T23:59:59"


def seconds_of(raw: RawTable, form: str | None = None) -> tuple[Seconds, list[Finding]]:
    """Times of the rows in whole seconds since 1970, and how they were converted.

    Without a form they are numbers of seconds, or of milliseconds, microseconds or nanoseconds if
    all are so large, or ISO 8601 dates in UTC.

    Parameters
    ----------
    raw : RawTable
        Column ``timestamp``, numbers or text.
    form : str, optional
        Form of the dates, as in `datetime.strptime`.

    Raises
    ------
    UserError
        If a time cannot be read, or if all numbers look like years or dates.
    """
    column = raw.rows["timestamp"]
    if form is not None:
        try:
            dates = _dates(column, form)
        except (ValueError, re.error) as error:
            raise UserError(
                f"{raw.file}: the timestamp_format {form!r} cannot be used: {error}. Correct it "
                "under dataset.csv."
            ) from None
        return _from_dates(raw, dates, form)
    numbers = numbers_in(column).to_numpy()
    is_number = np.isfinite(numbers)
    if not is_number.all():
        dates = _dates(column)
        if dates.notna().sum() > is_number.sum():
            return _from_dates(raw, dates, "ISO 8601")
        if dates[~is_number].notna().all():
            what = "timestamp(s) that are dates, unlike the others, which are numbers"
            raw.require(is_number, what, "Write all of them in one form.")
        raw.require_read("timestamp", is_number, WHAT, _remedy(column), WITHOUT)
    if len(numbers) and (fitting := date_numbers(numbers)):
        what = f"timestamp(s) that look like dates ({numbers[0]:.0f}), not like seconds"
        remedy = f'Set timestamp_format: "{fitting}" for the file under dataset.csv.'
        raw.require(np.zeros(len(numbers), dtype=bool), what, remedy)
    exact = column.to_numpy() if column.dtype == np.int64 else None
    findings = []
    if unit := unit_of(numbers):
        findings.append(Finding(raw.file, len(numbers), f"timestamps read as {unit}"))
        numbers = numbers / PER_SECOND[unit]
        exact = None if exact is None else exact // PER_SECOND[unit]
    raw.require(
        np.abs(numbers) < LARGEST_SECONDS,
        "timestamp(s) beyond any date",
        f"Correct them; {EXAMPLE}.",
    )
    late = int((numbers >= MILLISECONDS_FROM).sum())
    what = "timestamps after the year 5000: used as seconds, unlike all others"
    findings.append(Finding(raw.file, late, what, doubtful=True))
    if exact is None:
        exact = np.floor(numbers).astype(np.int64)
        cut = int((exact != numbers).sum())
        findings.append(Finding(raw.file, cut, "timestamps cut to whole seconds"))
    if len(exact) and exact.min() >= SERIAL_DAYS[0] and exact.max() < SERIAL_DAYS[1]:
        what = "timestamps that look like the days of a spreadsheet, used as seconds: in order, but"
        findings.append(Finding(raw.file, len(exact), f"{what} in 1970"))
    return exact, [*findings, *_unusual(exact, raw.file)]


def _unusual(seconds: Seconds, file: str) -> list[Finding]:
    """A note if there is no order in time."""
    if len(seconds) < 2 or (seconds != seconds[0]).any():
        return []
    what = "timestamps that are all equal: the order of the rows counts"
    return [Finding(file, len(seconds), what)]


def unit_of(numbers: NDArray[np.float64]) -> str | None:
    """Unit of times that are all too large to be seconds; None for seconds."""
    smallest = numbers.min() if len(numbers) else 0
    return next((unit for least, unit in UNITS.items() if smallest >= least), None)


def _dates(column: pd.Series, form: str = "ISO8601") -> pd.Series:
    """Values as dates in UTC; those of another form are missing."""
    text = column.astype("str")
    # Without digits, "now" and "today" would be the time of the import.
    text = text.where(text.str.contains("[0-9]").fillna(False).astype(bool), "")
    return pd.to_datetime(text, errors="coerce", utc=True, format=form)


def _from_dates(raw: RawTable, dates: pd.Series, form: str) -> tuple[Seconds, list[Finding]]:
    column = raw.rows["timestamp"]
    what = f"timestamp(s) that are not dates of the form {form}"
    raw.require_read("timestamp", dates.notna().to_numpy(), what, _remedy(column), WITHOUT)
    seconds = dates.dt.as_unit("s").to_numpy(dtype="datetime64[s]").astype(np.int64)
    converted = Finding(raw.file, len(seconds), "dates in UTC, converted to seconds")
    return seconds, [converted, *_unusual(seconds, raw.file)]


def _remedy(column: pd.Series) -> str:
    fitting = fitting_formats(column)
    if not fitting:
        return f"{EXAMPLE[0].upper()}{EXAMPLE[1:]}, or set timestamp_format under dataset.csv."
    quoted = " or ".join(f'"{form}"' for form in fitting)
    return f"Set timestamp_format under dataset.csv to {quoted}, or {EXAMPLE}."


def fitting_formats(column: pd.Series) -> list[str]:
    """Those of `FORMATS` that fit all the first 1000 values."""
    head = column.iloc[:1000].drop_duplicates()
    return [form for form in FORMATS if len(head) and _dates(head, form).notna().all()]


def date_numbers(numbers: NDArray[np.float64]) -> str | None:
    """Form of numbers that are all years or dates like 20110313; None if they are not."""
    if ((numbers >= 1900) & (numbers < 2101)).all():
        return "%Y"
    if ((numbers >= 19000101) & (numbers <= 21001231)).all():
        month, day = numbers // 100 % 100, numbers % 100
        if ((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all():
            return "%Y%m%d"
    return None
