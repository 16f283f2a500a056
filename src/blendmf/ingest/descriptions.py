"""Descriptions in the canonical form: title, year and genres of items; any columns of users."""

import ast
import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from blendmf.common.wording import shortened
from blendmf.ingest.ids import plain
from blendmf.ingest.numbers import numbers_in
from blendmf.ingest.raw_tables import GENRES_TYPE, MISSING, Finding, RawTable

NO_GENRE = ("", "(no genres listed)", "unknown")

TITLE_AND_YEAR = (
    r"^(?P<title>.*\S)"
    r"\s*\((?P<year>\d{4})(?:[-–]\d{0,4})?\)"  # noqa: RUF001
    r"(?:\s*\((?:V|TV|VG)\))?\s*$"
)
"""Title, the (first) year in parentheses at its end, and IMDb's mark of the medium."""

YEAR = r"^\s*(\d{4})(?:\.0*|[-/]\d{1,2}(?:[-/]\d{1,2}(?:[ T].*)?)?)?\s*$"
"""A year, perhaps with decimals or as the start of a date."""

SEPARATORS = ("|", ";", ",", "/")
MANY = 1 / 3
"""Share of the descriptions from which on another separator is worth a note."""

KNOWN_CODES = ("occupation",)
"""Columns of the known data sets whose numbers are names."""


def described(items: RawTable, genres_separator: str) -> RawTable:
    """Convert descriptions of items to the canonical columns.

    `items` has the column ``item_id`` and any of ``title``, ``year`` and ``genres``, all text. Then
    the title is missing if empty; the year is Int64, missing if neither the column nor the end of
    the title contains a number of four digits, in the column perhaps at the start of a date; the
    genres are a list of distinct strings, from separated text or from a list as in JSON or Python,
    of names or of records with a ``name``. A year at the end of the title is removed unless it
    contradicts the column. The findings report years that cannot be read, and genres that look
    separated by something else.
    """
    rows = items.rows
    nothing = pd.Series("", index=rows.index, dtype="str")
    text = rows.get("title", nothing).str.strip()
    parts = text.str.extract(TITLE_AND_YEAR)
    stated_text = rows.get("year", nothing)
    stated = _years(stated_text.str.extract(YEAR)[0])
    in_title = _years(parts["year"])
    year = stated.fillna(in_title)
    title = text.mask((in_title == year).fillna(False).astype(bool), parts["title"])
    genres, notes = genre_lists(rows.get("genres", nothing), genres_separator, items.file)
    table = pd.DataFrame(
        {
            "item_id": rows["item_id"],
            "title": title.mask(title == ""),
            "year": year,
            "genres": pd.Series(genres, index=rows.index, dtype=GENRES_TYPE),
        }
    )
    unreadable = stated_text[stated.isna() & (stated_text.str.strip() != "")]
    if len(unreadable):
        examples = ", ".join(repr(str(value)) for value in unreadable.unique()[:3])
        what = f"years that are not four digits, looked for in the title instead: {examples}"
        notes.append(Finding(items.file, len(unreadable), what))
    return replace(items, rows=table, findings=(*items.findings, *notes))


def _years(texts: pd.Series) -> pd.Series:
    """Texts of four digits, of any script, as numbers."""
    return texts.astype(object).map(int, na_action="ignore").astype("Int64")


def genre_lists(
    texts: pd.Series, separator: str, file: str
) -> tuple[list[list[str]], list[Finding]]:
    """Genres of each item, and notes on how they were read.

    Parameters
    ----------
    texts : Series of str
        One text per item.
    separator : str
        What separates the genres of an item, unless all texts are lists as in JSON.
    file : str
        Name of the file, for the notes.
    """
    stripped = [text.strip() for text in texts]
    given = [text for text in stripped if text]
    lists = {text: _listed(text) for text in set(given)} if given and given[0][0] == "[" else {}
    if lists and None not in lists.values():
        found = [lists.get(text) or [] for text in stripped]
        note = Finding(file, len(given), "genres written as lists: read as their names")
        return [_distinct(names) for names in found], [note]
    notes = []
    if given and not any(separator in text for text in given):
        other, count = likely_separator(given)
        if count >= MANY * len(given):
            what = (
                f"genres contain {other!r} but never {separator!r}, so that each combination "
                "counts as one genre: set genres_separator under dataset.csv.items"
            )
            notes.append(Finding(file, count, what, doubtful=True))
    return [_distinct(text.split(separator)) for text in stripped], notes


def likely_separator(texts: Sequence[str]) -> tuple[str, int]:
    """The separator of genres that is in most texts, and in how many."""
    counts = {separator: sum(separator in text for text in texts) for separator in SEPARATORS}
    return max(counts.items(), key=lambda pair: pair[1])


def _listed(text: str) -> list[str] | None:
    """Names in a list as in JSON or Python; None if the text is no such list."""
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError):
        try:
            values = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    if not isinstance(values, list):
        return None
    names = [value.get("name") if isinstance(value, dict) else value for value in values]
    texts = [name for name in names if isinstance(name, str)]
    return texts if len(texts) == len(names) else None


def _distinct(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name for name in map(str.strip, names) if name not in NO_GENRE))


def described_users(users: RawTable, codes: Collection[str] = KNOWN_CODES) -> RawTable:
    """Convert descriptions of users to the canonical columns.

    `users` has the column ``user_id`` and others, all text. A column whose values are all finite
    numbers or missing becomes numbers, unless it is one of `codes`; all others are text without
    surrounding blanks, null if empty. The findings report numbers in other digits
    than 0 to 9.
    """
    ids = users.rows["user_id"]
    others = users.rows.drop(columns="user_id")
    read = {name: _numbers_or_text(column, name in codes) for name, column in others.items()}
    notes = [
        note
        for name, column in others.items()
        if name not in codes and (note := _in_other_digits(users.file, str(name), column))
    ]
    rows = pd.DataFrame({"user_id": ids, **read})
    return replace(users, rows=rows, findings=(*users.findings, *notes))


def _in_other_digits(file: str, name: str, column: pd.Series) -> Finding | None:
    text = column.astype("str").str.strip()
    text = text[[not value.isascii() for value in text]]
    numbers = text[np.isfinite(numbers_in(text.map(plain)).to_numpy())]
    if numbers.empty:
        return None
    shown = ", ".join(shortened(repr(value), 40) for value in numbers.unique()[:3])
    what = f"values of {name} in digits other than 0 to 9 ({shown}): the column is read as text"
    return Finding(file, len(numbers), what, doubtful=True)


def _numbers_or_text(column: pd.Series, is_code: bool) -> pd.Series:
    text = column.astype("str").str.strip()
    given = ~text.str.lower().isin(MISSING)
    numbers = numbers_in(text.where(given))
    is_numeric = not is_code and bool(np.isfinite(numbers[given]).all())
    return numbers if is_numeric else text.mask(text == "")
