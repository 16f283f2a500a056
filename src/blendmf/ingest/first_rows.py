"""The first rows of a file as columns: their names, and what kinds of values they have."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.ingest.text_files import is_number
from blendmf.ingest.timestamps import (
    EARLIEST,
    LATEST,
    PER_SECOND,
    date_numbers,
    fitting_formats,
    unit_of,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NAMES: Mapping[str, frozenset[str]] = {
    "rating": _words(
        "rating ratings rate stars star score scores value overall grade mark points preference "
        "vote bookrating userrating userscore weight plays playcount listens clicks"
    ),
    "timestamp": _words(
        "timestamp timestamps time date datetime when at ts day created unixtime epoch "
        "reviewtime unixreviewtime"
    ),
    "user": _words(
        "user users u reviewer rater customer member reader viewer listener person account author "
        "client profile visitor usr"
    ),
    "item": _words(
        "item items i movie movies film films book books isbn asin product business song track "
        "artist album anime game app joke place restaurant recipe beer course article show series "
        "title"
    ),
    "title": _words("title titles name booktitle movietitle"),
    "year": _words("year years released"),
    "genres": _words("genre genres kind kinds category categories tag tags class subject subjects"),
}
"""Words that name the columns of each kind."""

KEYS = _words("id ids key code name no number")
"""Words at the end of a name that do not say what the column is."""

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
MOSTLY = 0.9


@dataclass(frozen=True)
class Column:
    """One column of the first rows: its name, or its number if there is no header."""

    name: str | int
    texts: "pd.Series[str]"

    def __str__(self) -> str:
        return str(self.name)

    @cached_property
    def given(self) -> "pd.Series[str]":
        """Values that are not blank."""
        return self.texts[self.texts.str.strip() != ""]

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """The given values that are numbers, with a point or a comma."""
        text = self.given[[is_number(value) for value in self.given]]
        numbers = text.str.strip().str.replace(",", ".").astype(np.float64).to_numpy()
        return np.asarray(numbers[np.isfinite(numbers)], dtype=np.float64)

    @property
    def is_numeric(self) -> bool:
        """Whether nearly all given values are numbers."""
        return len(self.numbers) > 0 and len(self.numbers) >= MOSTLY * len(self.given)

    @property
    def has_fractions(self) -> bool:
        """Whether there are numbers other than whole ones."""
        return bool((self.numbers % 1 != 0).any())

    @property
    def counts_rows(self) -> bool:
        """Whether each number is the one above plus 1."""
        return len(self.numbers) > 2 and bool((np.diff(self.numbers) == 1).all())

    @cached_property
    def time_forms(self) -> "list[str | None]":
        """Forms of time that fit all given values, None for seconds and ISO 8601; none if none."""
        if len(self.given) and len(self.numbers) == len(self.given):
            numbers = self.numbers
            if form := date_numbers(numbers):
                return [form]
            unit = unit_of(numbers)
            seconds = numbers / (PER_SECOND[unit] if unit else 1)
            return [None] if ((seconds >= EARLIEST) & (seconds < LATEST)).all() else []
        distinct = self.given.drop_duplicates()
        dates = pd.to_datetime(distinct, errors="coerce", utc=True, format="ISO8601")
        return [None] if len(dates) and dates.notna().all() else [*fitting_formats(distinct)]

    @cached_property
    def words(self) -> list[str]:
        """Words of the name in lower case."""
        return [word.lower() for word in WORD.findall(str(self.name))]

    def is_called(self, kind: str) -> bool:
        """Whether the name ends in a word of this kind, perhaps before "id"."""
        words = list(self.words)
        if len(words) > 1 and words[-1] in ("uid", "uuid"):
            words.pop()
        if words and words[-1] in NAMES[kind]:
            return True
        while len(words) > 1 and words[-1] in KEYS:
            words.pop()
        last = words[-1] if words else ""
        return last in NAMES[kind] or (
            last.endswith("id") and last.removesuffix("id") in NAMES[kind]
        )

    @property
    def is_id(self) -> bool:
        """Whether the name says that the column has ids."""
        return bool(self.words) and self.words[-1].endswith("id")


def sample_of(rows: Sequence[Sequence[str]]) -> list[Column]:
    """Columns of the first rows of a file, with or without a header.

    The first row is a header if it has no number in a column of numbers or, without such columns,
    if it has a common name.
    """
    first = [text.strip().strip('"').strip() for text in rows[0]]
    body = [row for row in rows[1:] if len(row) == len(first) and any(map(str.strip, row))]
    named = [
        Column(name, pd.Series([row[number] for row in body], dtype="str"))
        for number, name in enumerate(first)
    ]
    numeric = [column for column in named if column.is_numeric]
    is_header = (
        not any(is_number(str(column)) for column in numeric)
        if numeric
        else any(column.is_called(kind) for column in named for kind in NAMES)
    )
    if is_header:
        return named
    return [
        Column(number, pd.Series([first[number], *column.texts], dtype="str"))
        for number, column in enumerate(named)
    ]
