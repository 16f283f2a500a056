"""Ratings, pairs and items as people have them, as the canonical tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike

from blendmf.common.errors import UserError

COLUMNS = {"user": "user_id", "item": "item_id", "rating": "rating", "timestamp": "timestamp"}
"""Names of the columns that people give, with those of the canonical tables."""

DESCRIPTIONS = ("title", "year", "genres", "text")
"""Columns that describe an item."""


def rating_table(
    ratings: Any, y: ArrayLike | None = None, columns: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Table of ratings with the columns user_id, item_id, rating, and timestamp if it is given.

    Parameters
    ----------
    ratings : DataFrame, Arrow table or sequence of arrays
        Columns ``user``, ``item``, ``rating`` and optionally ``timestamp``, as a pandas or Polars
        DataFrame or anything else that offers the Arrow interface; or these arrays in this order.
    y : array of shape (n,), optional
        The ratings, if `ratings` has only users and items.
    columns : mapping, optional
        Names of columns that differ, such as ``{"item": "film"}``.

    Raises
    ------
    UserError
        If a column is missing or has missing or infinite values, or a pair is rated twice.
    """
    table = _frame(ratings, ("user", "item", "rating", "timestamp"), columns)
    if y is not None:
        table = table.drop(columns="rating", errors="ignore")
        table["rating"] = np.asarray(y)
    _require(table, ("user_id", "item_id", "rating"), columns)
    table["rating"] = _numbers(table["rating"])
    if "timestamp" in table:
        table["timestamp"] = _seconds(table["timestamp"])
    twice = table.duplicated(["user_id", "item_id"])
    if twice.any():
        user, item = table.loc[twice, ["user_id", "item_id"]].iloc[0]
        raise UserError(
            f"{int(twice.sum()):,} pairs of user and item are rated more than once, such as user "
            f"{user} and item {item}; keep one rating of each"
        )
    return table


def pair_table(pairs: Any, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Table of pairs with user_id, item_id, and timestamp if a table has it; see `rating_table`."""
    is_table = isinstance(pairs, pd.DataFrame) or hasattr(pairs, "__arrow_c_stream__")
    table = _frame(pairs, ("user", "item", *(("timestamp",) if is_table else ())), columns)
    _require(table, ("user_id", "item_id"), columns)
    if "timestamp" not in table:
        return table[["user_id", "item_id"]]
    return table[["user_id", "item_id"]].assign(timestamp=_seconds(table["timestamp"]))


def item_table(items: Any, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Table of items with the columns item_id, title, year, genres and text.

    Parameters
    ----------
    items : DataFrame, Arrow table, mapping or Series
        Columns ``item`` and any of ``title``, ``year``, ``genres`` (lists, or names joined by
        ``|``) and ``text``; or the text of each item by its id.
    columns : mapping, optional
        Names of columns that differ.

    Raises
    ------
    UserError
        If an item is described twice, or the ids are missing.
    """
    if isinstance(items, (Mapping, pd.Series)):
        texts = pd.Series(items)
        items = pd.DataFrame({"item": texts.index, "text": texts.to_numpy()})
    table = _frame(items, ("item", *DESCRIPTIONS), columns)
    _require(table, ("item_id",), columns)
    if not table["item_id"].is_unique:
        twice = table["item_id"][table["item_id"].duplicated()].iloc[0]
        raise UserError(f"item {twice} is described more than once; keep one row of each item")
    for name in ("title", "text"):
        table[name] = table[name].astype("str") if name in table else None
    table["year"] = pd.to_numeric(table["year"]).astype("Int64") if "year" in table else pd.NA
    genres = table["genres"] if "genres" in table else [None] * len(table)
    table["genres"] = [_names(value) for value in genres]
    return table


def user_table(users: Any, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Table of users with the column user_id and all others.

    Raises
    ------
    UserError
        If a user is described twice, or the ids are missing.
    """
    ids = _frame(users, ("user",), columns)
    _require(ids, ("user_id",), columns)
    if not ids["user_id"].is_unique:
        twice = ids["user_id"][ids["user_id"].duplicated()].iloc[0]
        raise UserError(f"user {twice} is described more than once; keep one row of each user")
    frame = users if isinstance(users, pd.DataFrame) else pa.table(users).to_pandas()
    name = (columns or {}).get("user", "user")
    others = frame.drop(columns=[name, "user_id"], errors="ignore").reset_index(drop=True)
    return ids.join(others)


def _frame(values: Any, names: Sequence[str], columns: Mapping[str, str] | None) -> pd.DataFrame:
    """A new table with those of the named columns that are there, under their canonical names."""
    given = dict(columns or {})
    if unknown := given.keys() - set(names) - COLUMNS.keys() - set(DESCRIPTIONS):
        known = ", ".join([*COLUMNS, *DESCRIPTIONS])
        raise UserError(f"columns: {', '.join(sorted(unknown))} is none of {known}")
    if isinstance(values, pd.DataFrame):
        frame = values
    elif hasattr(values, "__arrow_c_stream__"):
        frame = pa.table(values).to_pandas()
    else:
        return _of_arrays(values, names)
    found = {}
    for name in names:
        canonical = COLUMNS.get(name, name)
        for written in (given[name],) if name in given else (name, canonical):
            if written in frame:
                found[canonical] = frame[written].reset_index(drop=True)
                break
    return pd.DataFrame(found)


def _of_arrays(values: Any, names: Sequence[str]) -> pd.DataFrame:
    """Table of a sequence of columns, or of an array with one row per pair."""
    if isinstance(values, np.ndarray):
        if values.ndim != 2:
            raise UserError(f"an array needs the shape (n, 2), users and items, not {values.shape}")
        values = tuple(values.T)
    if not isinstance(values, (tuple, list)) or not 1 <= len(values) <= len(names):
        wanted = ", ".join(names)
        raise UserError(
            f"{type(values).__name__} is not a table; give a DataFrame with the columns {wanted}, "
            "or these arrays in this order"
        )
    return pd.DataFrame(
        {COLUMNS.get(n, n): np.asarray(v) for n, v in zip(names, values, strict=False)}
    )


def _require(table: pd.DataFrame, needed: Sequence[str], columns: Mapping[str, str] | None) -> None:
    given = {name: canonical for name, canonical in COLUMNS.items() if canonical in needed}
    absent = [
        (columns or {}).get(name, name)
        for name, canonical in given.items()
        if canonical not in table
    ]
    if absent:
        raise UserError(
            f"the table has no column {' and no column '.join(absent)}; name it by "
            'columns={"user": ..., "item": ..., "rating": ...}'
        )
    for name, canonical in given.items():
        if missing := int(table[canonical].isna().sum()):
            raise UserError(f"{missing:,} rows have no {name}; drop or fill them")


def _numbers(ratings: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(ratings, errors="coerce").astype(np.float32)
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        value = ratings[wrong].iloc[0]
        raise UserError(f"{int(wrong.sum()):,} ratings are not finite numbers, such as {value}")
    return numbers


def _seconds(times: pd.Series) -> pd.Series:
    """Whole seconds since 1970 of numbers, dates, or dates as ISO text."""
    if isinstance(times.dtype, pd.StringDtype) or times.dtype == object:
        dates = pd.to_datetime(times, format="ISO8601", errors="coerce", utc=True)
        times = times if dates.isna().any() else dates
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    if pd.api.types.is_datetime64_any_dtype(times):
        return times.astype("datetime64[s]").astype(np.int64)
    if not pd.api.types.is_numeric_dtype(times):
        raise UserError(
            "timestamp is neither a number of seconds nor a date such as 2024-03-01; convert it"
        )
    return times.astype(np.int64)


def _names(value: Any) -> list[str]:
    """Genres of an item: a list as it is, a text divided at ``|``."""
    if isinstance(value, str):
        return [part for name in value.split("|") if (part := name.strip())]
    return [] if value is None or np.isscalar(value) else [str(name) for name in value]
