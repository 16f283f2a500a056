"""Guesses which columns have the users, items and ratings, from names and the first rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from blendmf.common.errors import UserError
from blendmf.ingest.descriptions import NO_GENRE, YEAR, likely_separator
from blendmf.ingest.dialects import WIDE
from blendmf.ingest.first_rows import MOSTLY, Column
from blendmf.ingest.text_files import is_number

DECIMAL_COMMA = r"\s*[-+]?\d+,\d+\s*"
THOUSANDS = r"[1-9]\d{0,2}(?:[.,]\d{3})+"
BELOW_THOUSAND = r"\d{1,3}"
FEW_VALUES = 101
"""Largest number of distinct ratings that are not fractions."""

YEARS = (1000, 2100)

SHOWN = 60
"""Number of characters of a line that a message shows."""


@dataclass
class Roles:
    """Columns by the key of the configuration that names them, and on what each guess rests."""

    columns: dict[str, Column] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def give(self, key: str, column: Column, reason: str = "") -> None:
        """Let a column be that of a key; without a reason, its name says so."""
        self.columns[key] = column
        if reason:
            self.reasons[key] = reason


def rating_roles(columns: Sequence[Column], file: str) -> Roles:
    """Which columns are the user, the item, the rating and perhaps the time.

    Raises
    ------
    UserError
        If no column fits a role.
    """
    if len(columns) < 2:
        raise _no_table(file, columns[0])
    if not any(len(column.texts) for column in columns):
        raise UserError(f"{file}: no rows below the header. Give a file with some.")
    roles, shown = Roles(), ", ".join(map(str, columns[:12])) + ", ..." * (len(columns) > 12)
    left = list(columns)

    def take(key: str, column: Column, reason: str = "") -> None:
        roles.give(key, column, reason)
        left.remove(column)

    for key in ("rating", "timestamp", "user", "item"):
        called = [column for column in left if column.is_called(key)]
        if key == "rating" and called and not any(column.is_numeric for column in called):
            raise _no_numbers(file, called[0])
        if called:
            take(key, min(called, key=lambda column: _doubts(key, column)))
    if "rating" not in roles.columns:
        numeric = [column for column in left if column.is_numeric]
        if len(numeric) >= WIDE:
            raise UserError(
                f"{file}: {len(numeric)} columns of numbers ({shown}), probably one per item. "
                "Write one row per rating instead (in pandas: melt), with columns for user, item "
                "and rating."
            )
        is_only = {"user", "item"} <= roles.columns.keys() and len(numeric) == 1
        possible = [column for column in numeric if _may_be_ratings(column, is_only)]
        n_ids = 2 - len({"user", "item"} & roles.columns.keys())
        if not possible or len(left) <= n_ids:
            raise UserError(
                f"{file}: no column may be the ratings; it has {shown}. Name the column of the "
                "ratings rating, or add one; without any the data say who used what, not how much "
                "it was liked, and blendmf has no model for them."
            )
        best = min(possible, key=lambda column: _unlike_ratings(column, columns))
        n_values = len(np.unique(best.numbers))
        take("rating", best, f"{n_values} different numbers in the first {len(best.texts):,} rows.")
    _refuse_thousands(file, roles.columns["rating"])
    needed = 2 - len({"user", "item"} & roles.columns.keys())
    times = [column for column in left if column.time_forms and column.time_forms != ["%Y"]]
    if "timestamp" not in roles.columns and times and len(left) > needed:
        take(
            "timestamp",
            times[-1],
            f"Its values look like times, such as {times[-1].given.iloc[0]}.",
        )
    ids = [column for column in left if not column.has_fractions and column.name != ""]
    others = [column for column in ids if not column.counts_rows]
    ids = others if len(others) >= needed else ids
    if len(ids) < needed:
        missing = " and ".join(key for key in ("user", "item") if key not in roles.columns)
        raise UserError(
            f"{file}: no column may be the {missing}; it has {shown}. Give one row per rating, "
            "with columns for user, item and rating."
        )
    for key in ("user", "item"):
        if key not in roles.columns:
            place = "first" if key == "user" or "user" not in roles.reasons else "second"
            take(key, ids.pop(0), f"The {place} column that is nothing else; please check.")
    return roles


def _doubts(key: str, column: Column) -> tuple[bool, bool]:
    """Order in which columns of the same kind are chosen, best first."""
    if key == "rating":
        return not column.is_numeric, False
    if key == "timestamp":
        return not column.time_forms, None not in column.time_forms or not column.is_numeric
    return column.counts_rows, not column.is_id


def _may_be_ratings(column: Column, is_only: bool) -> bool:
    """Whether a column may be the ratings; `is_only` if no other column of numbers may be."""
    if column.time_forms or column.counts_rows:
        return False
    return is_only or column.has_fractions or len(np.unique(column.numbers)) <= FEW_VALUES


def _unlike_ratings(column: Column, columns: Sequence[Column]) -> tuple[bool, bool, bool, int]:
    """Order in which columns may be the ratings, best first."""
    is_sorted = bool((np.diff(column.numbers) >= 0).all())
    n_values = len(np.unique(column.numbers))
    return not column.has_fractions, column is columns[0], is_sorted, n_values


def _no_numbers(file: str, column: Column) -> UserError:
    others = column.given[[not is_number(text) for text in column.given]]
    examples = ", ".join(map(repr, others.unique()[:3].tolist())) or "nothing"
    return UserError(
        f"{file}: the column {column} may be the ratings, but its values are not numbers "
        f"({examples}). Write each rating as a number, and remove rows without a rating."
    )


def _no_table(file: str, column: Column) -> UserError:
    header = [column.name] if isinstance(column.name, str) else []
    lines = [*header, *column.texts[:2]][:2]
    shown = " and ".join(repr(line[:SHOWN] + "..." * (len(line) > SHOWN)) for line in lines)
    return UserError(
        f"{file}: no separator cuts its lines into columns: {shown}. Remove lines above the "
        "header, and write one row per rating, with columns for user, item and rating."
    )


def _refuse_thousands(file: str, ratings: Column) -> None:
    """Refuse numbers such as "3,455" among those such as "523"."""
    texts = ratings.given.str.strip()
    grouped = texts[texts.str.fullmatch(THOUSANDS)]
    n_below = int(texts.str.fullmatch(BELOW_THOUSAND).sum())
    if len(grouped) and n_below and len(grouped) + n_below == len(texts):
        text = grouped.iloc[0]
        raise UserError(
            f"{file}: ratings in the column {ratings} such as {text!r} seem to have a mark between "
            f"thousands. Write {re.sub(r'[.,]', '', text)} instead, or give all of them decimals."
        )


def refuse_repeated_items(file: str, ids: "pd.Series[str]", ratings: str) -> None:
    """Refuse a file that is meant to describe items but has more rows than twice its items."""
    n_items = ids.nunique()
    if len(ids) > 2 * n_items:
        raise UserError(
            f"{file}: {len(ids):,} rows of {n_items:,} items, but descriptions have one row per "
            f"item, with all its genres. If it has ratings, leave it out here, then set "
            f"ratings.file: [{ratings}, {file}] or, if they are the test part, split: {{scheme: "
            f"given, test: {file}}}."
        )


def item_roles(columns: Sequence[Column], rated_name: str | int, rated: set[str]) -> Roles:
    """Which columns of a file of items are the item, the title, the year and the genres.

    Parameters
    ----------
    columns : sequence of Column
    rated_name : str or int
        Name of the column of the item in the ratings.
    rated : set of str
        Ids of the rated items.
    """
    roles = Roles()

    def n_rated(column: Column) -> int:
        return int(column.given.map(plain_id).isin(rated).sum())

    def likely(column: Column) -> tuple[bool, bool, int]:
        is_named = column.name == rated_name and isinstance(rated_name, str)
        called = column.is_called("item") and not column.is_called("title")
        return is_named or called, column.is_id, n_rated(column)

    matching = [column for column in columns if n_rated(column)] or list(columns)
    item = max(matching, key=likely)
    count = f"{n_rated(item):,} of the first {len(item.given):,} ids are rated."
    roles.give("item", item, count)
    left = [column for column in columns if column is not item and len(column.given)]
    for key in ("title", "year", "genres"):
        called = [column for column in left if column.is_called(key)]
        if key == "year":
            called = [column for column in called if _is_year(column)]
        if called:
            roles.give(key, called[0])
            left.remove(called[0])
    texts = [column for column in left if not column.is_numeric and not column.time_forms]
    if "year" not in roles.columns and (years := [column for column in left if _is_year(column)]):
        roles.give("year", years[0], "Its values are years or dates.")
    if "title" not in roles.columns and texts:
        title = max(texts, key=lambda column: column.given.nunique() / len(column.given))
        roles.give("title", title, "The texts that repeat least.")
        texts.remove(title)
    if "title" not in roles.columns and item.is_called("title"):
        roles.give("title", item)
    if "genres" not in roles.columns:
        repeating = [column for column in texts if _repeats(column)]
        if repeating:
            roles.give("genres", repeating[0], "Few different words, each of many items.")
    return roles


def plain_id(text: str) -> str:
    """An id without surrounding spaces and without decimals such as those of "12.0"."""
    return re.sub(r"^(-?\d+)\.0+$", r"\1", text.strip())


def _is_year(column: Column) -> bool:
    years = column.given.str.extract(YEAR)[0]
    numbers = years.dropna().astype(np.float64).to_numpy()
    return (
        len(numbers) > 0
        and years.notna().mean() >= MOSTLY
        and bool(
            ((numbers == 0) | ((numbers >= YEARS[0]) & (numbers <= YEARS[1]))).mean() >= MOSTLY
        )
    )


def _repeats(column: Column) -> bool:
    """Whether texts consist of few different parts, as genres do."""
    parts = column.given.str.split(r"[|;,/]", regex=True).explode().str.strip()
    return parts.nunique() <= max(3, len(column.given) / 3)


def genres_separator(genres: Column) -> tuple[str | None, str]:
    """What separates genres, and on what that rests; None if they need no separator."""
    texts = [text for text in genres.given.str.strip() if text not in NO_GENRE]
    if not texts or texts[0].startswith("["):
        return None, "Written as lists." if texts else ""
    best, count = likely_separator(texts)
    if not count:
        return None, "No separator found: one genre per item."
    return best, f"In {count:,} of the first {len(texts):,} genres."
