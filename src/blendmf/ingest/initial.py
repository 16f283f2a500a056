"""The first configuration for one's own files: their form, columns, scale and repeated ratings.

The first rows show the columns; the whole files, read as the import reads them, show the rest.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.config.dataset import CsvSettings
from blendmf.config.fields import FOLDER_NAME
from blendmf.ingest.catalogue import KNOWN
from blendmf.ingest.first_rows import Column
from blendmf.ingest.guess import (
    DECIMAL_COMMA,
    Roles,
    genres_separator,
    item_roles,
    plain_id,
    rating_roles,
    refuse_repeated_items,
)
from blendmf.ingest.guess_scale import doubt_about_zeros, markers, scale
from blendmf.ingest.import_tables import refuse_equal_ratings
from blendmf.ingest.own_files import read_table
from blendmf.ingest.raw_tables import RawTable
from blendmf.ingest.readers import READERS
from blendmf.ingest.sample_files import require_readable, sample, unpacked
from blendmf.ingest.validation import (
    complete_items,
    drop_unrated,
    lost_digits,
    pair_keys,
    sorted_by_item,
    unify_ids,
)

GUESSED = "columns guessed from their values"

FILES: tuple[str, ...] = ("format", "csv")
"""Keys of the files, which come last."""

UNSPECIFIC = frozenset({"ratings", "rating", "data", "raw", "train", "u", "inter", "reviews", ""})
"""Names of files and folders that do not say which data they hold."""


@dataclass
class Initial:
    """A configuration of one's own files that runs as it is.

    `dataset` is its block, in the order in which to write it, and `split` that of the split, if it
    differs from the default; `reasons` says for dotted keys of both (those of the split start with
    ``split.``) on what each guess rests; `checks` are sentences on what the user has to check.
    """

    dataset: dict[str, Any]
    reasons: dict[str, str] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    split: dict[str, Any] = field(default_factory=dict)


def initial_configuration(ratings: Path, items: Path | None, name: str | None = None) -> Initial:
    """Guess the configuration of a file of ratings and perhaps one that describes the items.

    Parameters
    ----------
    ratings, items : Path
        Text, perhaps compressed by gzip, or Parquet; or RecBole's atomic files.
    name : str, optional
        Name of the data set; default: that of the file or of its folder.

    Raises
    ------
    UserError
        If something that is needed cannot be guessed, or if the files cannot be used.
    """
    given = [ratings] if items is None else [ratings, items]
    for path in given:
        require_readable(path)
    if items is not None and items.parent.resolve() != ratings.parent.resolve():
        raise UserError(f"{ratings} and {items} are in different folders; put both into one.")
    found = Initial({"name": _name(ratings, name), "path": _shortest(ratings.parent.resolve())})
    if ratings.suffix == ".inter":
        _describe_recbole(found, ratings, items)
        return found
    with unpacked(given) as folder:
        table = _describe_ratings(found, folder, ratings.name)
        if items is not None:
            descriptions = sample(folder / items.name)
            table = _with_described_item(found, table, descriptions[0])
        _describe_values(found, table)
        if items is not None:
            _describe_items(found, folder, items.name, descriptions, table)
    return found


def _name(ratings: Path, given: str | None) -> str:
    if given is not None:
        if not re.match(FOLDER_NAME, given):
            raise UserError(
                f"--name {given}: must be letters, digits, dots, underscores and hyphens, and "
                "start with a letter or digit."
            )
        return given
    stem = re.sub(r"(\.(gz|csv|tsv|txt|dat|data|parquet|inter))+$", "", ratings.name)
    folder = ratings.parent.resolve()
    for part in (stem, folder.name, folder.parent.name):
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", part).strip("._-")
        if name.lower() not in UNSPECIFIC:
            return f"own-{name}" if name in KNOWN else name
    return "own"


def _shortest(folder: Path) -> str:
    """The folder relative to the current one, or its absolute path if that is shorter."""
    return min(os.path.relpath(folder), str(folder), key=len)


def _note(found: Initial, prefix: str, written: Mapping[str, Any], roles: Roles) -> None:
    if "encoding" in written:
        found.reasons[f"{prefix}.encoding"] = "The file is not UTF-8; please check special letters."
    if "header" in written:
        found.reasons[f"{prefix}.header"] = (
            "The first row looks like values, so that columns are numbered from 0."
        )
    for key, reason in roles.reasons.items():
        found.reasons[f"{prefix}.{key}"] = reason


def _describe_ratings(found: Initial, folder: Path, file: str) -> RawTable:
    columns, written = sample(folder / file)
    roles = rating_roles(columns, file)
    block = {"file": file, **written}
    block |= {
        key: roles.columns[key].name
        for key in ("user", "item", "rating", "timestamp")
        if key in roles.columns
    }
    prefix = "csv.ratings"
    _note(found, prefix, written, roles)
    csv: dict[str, Any] = {"ratings": block}
    if roles.columns["rating"].given.str.fullmatch(DECIMAL_COMMA).any():
        csv = {"decimal": ",", **csv}
        found.reasons["csv.decimal"] = "Ratings are written with a comma."
    found.dataset["csv"] = csv
    guessed = [f"{key}: {roles.columns[key]}" for key in roles.columns if key in roles.reasons]
    if guessed:
        found.checks.append(f"{GUESSED} ({', '.join(guessed)})")
    if "timestamp" not in roles.columns:
        found.checks.append("no column of times: the order of the rows counts as their order")
        return _read_ratings(folder, csv)
    return _with_form(found, folder, csv, roles.columns["timestamp"].time_forms or [None])


def _read_ratings(folder: Path, csv: dict[str, Any]) -> RawTable:
    table = read_table(folder, "ratings", CsvSettings.model_validate(csv))
    assert table is not None
    if table.rows.empty:
        raise UserError(f"{table.file}: no ratings below the header. Give a file with some.")
    return table


def _with_form(
    found: Initial, folder: Path, csv: dict[str, Any], forms: list[str | None]
) -> RawTable:
    """The ratings, read with the first form of time that fits all rows; it goes into `csv`."""
    key = "csv.ratings.timestamp_format"
    for number, form in enumerate(forms):
        if form is not None:
            csv["ratings"]["timestamp_format"] = form
            found.reasons[key] = "This form fits all times."
        try:
            table = _read_ratings(folder, csv)
        except UserError as error:
            if number + 1 < len(forms):
                continue
            column = csv["ratings"]["timestamp"]
            if "timestamp(s)" not in str(error):
                raise
            raise UserError(
                f"{error} If the column {column} is no time, remove it; without times the order "
                "of the rows counts."
            ) from error
        others = [other for other in forms[number + 1 :] if other]
        if others:
            named = " and ".join(f'"{other}"' for other in others)
            found.reasons[key] += f" The first ones also fit {named}: please check."
            found.checks.append(f'times read as "{form}", though {named} may be meant')
        return table
    raise AssertionError("a form is always tried")


def _codes(ids: pd.Series) -> NDArray[np.int64]:
    """A number per row; equal numbers mean equal ids after the import."""
    if ids.dtype != "category":
        return np.asarray(pd.factorize(ids)[0], dtype=np.int64)
    names = pd.Series(ids.cat.categories.astype("str")).astype("category")
    codes = pd.factorize(unify_ids(names)[0])[0]
    return np.asarray(codes[ids.cat.codes.to_numpy()], dtype=np.int64)


def _describe_values(found: Initial, table: RawTable) -> None:
    """Add the scale, markers and repeated ratings, in front of the files."""
    files = {key: found.dataset.pop(key) for key in FILES if key in found.dataset}
    n_of = table.rows["rating"].value_counts().sort_index()
    values, counts = n_of.index.to_numpy(dtype=np.float64), n_of.to_numpy(dtype=np.int64)
    unrated = markers(values, counts)
    is_rated = ~np.isin(values, unrated)
    if is_rated.sum() == 1:
        refuse_equal_ratings(np.repeat(values[is_rated], counts[is_rated]), table.file)
    low, high, reason, is_usual = scale(values[is_rated])
    found.dataset["rating_range"] = [int(b) if b % 1 == 0 else b for b in (low, high)]
    found.reasons["rating_range"] = reason
    if not is_usual:
        ends = [(value, int(counts[values == value].sum())) for value in (low, high)]
        shown = " and ".join(f"{count:,} rows have {value:.10g}" for value, count in ends)
        found.checks.append(f"rating_range: [{low:.10g}, {high:.10g}] is a guess; {shown}")
    if unrated:
        found.dataset["unrated"] = [int(value) for value in unrated]
        shown = ", ".join(
            f"{counts[values == value][0]:,} of {len(table.rows):,} rows have {value:g}"
            for value in unrated
        )
        found.reasons["unrated"] = f"{shown}, unlike the other ratings."
        found.checks.append(f"unrated: {shown}, taken for not rated")
        table, _ = drop_unrated(table, unrated)
    if doubt := doubt_about_zeros(values[is_rated], counts[is_rated]):
        found.checks.append(doubt)
    found.checks += [
        f"{count:,} {name}s are rounded, as in 7.65612E+16: write them in full"
        for name in ("user_id", "item_id")
        if (count := lost_digits(table.rows[name]))
    ]
    ids = pd.DataFrame({name: _codes(table.rows[name]) for name in ("user_id", "item_id")})
    pairs = np.sort(pair_keys(ids))
    is_again = np.append(False, pairs[1:] == pairs[:-1])
    n_pairs, n_repeated = int((~is_again).sum()), len(np.unique(pairs[is_again]))
    if n_repeated:
        found.dataset["duplicates"] = "last"
        found.reasons["duplicates"] = (
            f"{n_repeated:,} of {n_pairs:,} pairs are rated more than once: the newest counts. "
            "mean: their mean. error: stop."
        )
        found.checks.append(f"duplicates: {n_repeated:,} pairs are rated more than once")
    seconds = table.rows["timestamp"]
    if (seconds != seconds.iloc[0]).any():
        found.counts |= {"first": int(seconds.min()), "last": int(seconds.max())}
    elif sorted_by_item(table.rows):
        found.split["scheme"] = "random"
        found.reasons["split.scheme"] = (
            "There are no different times, and each user's rows are sorted by item: the last ones "
            "are not the newest but ratings of the same few items."
        )
        found.checks.append("split: random, because rows are sorted by item and have no times")
    found.counts |= {
        "ratings": n_pairs,
        "users": ids["user_id"].nunique(),
        "items": ids["item_id"].nunique(),
    }
    if found.counts["users"] == found.counts["ratings"]:
        found.checks.append("every user has only one rating: is the column of users right?")
    found.dataset |= files


def _with_described_item(found: Initial, table: RawTable, columns: list[Column]) -> RawTable:
    """The ratings with user and item exchanged if both are guesses and the users are described."""
    reasons = {"csv.ratings.user", "csv.ratings.item"}
    if not reasons <= found.reasons.keys():
        return table

    def described(name: str) -> float:
        ids = _plain_ids(table.rows[name])
        shares = [column.given.map(plain_id).isin(ids).mean() for column in columns]
        return float(max(shares, default=0))

    if described("user_id") <= described("item_id"):
        return table
    block = found.dataset["csv"]["ratings"]
    block["user"], block["item"] = block["item"], block["user"]
    found.reasons |= dict.fromkeys(reasons, "By the ids that the file of items describes.")
    other = {"user_id": "item_id", "item_id": "user_id"}
    found.checks[:] = [check for check in found.checks if not check.startswith(GUESSED)]
    found.checks.insert(0, f"{GUESSED} (user: {block['user']}, item: {block['item']}, ...)")
    return RawTable(table.rows.rename(columns=other), table.file, table.where, table.findings)


def _plain_ids(ids: pd.Series) -> set[str]:
    return set(ids.drop_duplicates().astype("str").map(plain_id))


def _describe_items(
    found: Initial,
    folder: Path,
    file: str,
    descriptions: tuple[list[Column], dict[str, Any]],
    ratings: RawTable,
) -> None:
    """Add the file of items, and refuse it as the import would."""
    columns, written = descriptions
    rated = ratings.rows["item_id"].drop_duplicates()
    rated_name = found.dataset["csv"]["ratings"]["item"]
    roles = item_roles(columns, rated_name, _plain_ids(rated))
    refuse_repeated_items(file, roles.columns["item"].given, ratings.file)
    block = {"file": file, **written}
    block |= {
        key: roles.columns[key].name
        for key in ("item", "title", "year", "genres")
        if key in roles.columns
    }
    if "genres" in roles.columns:
        separator, reason = genres_separator(roles.columns["genres"])
        if separator is not None:
            block["genres_separator"] = separator
            roles.reasons["genres_separator"] = reason
        elif reason:
            roles.reasons["genres"] = f"{roles.reasons.get('genres', '')} {reason}".strip()
    else:
        found.checks.append(f"{file}: no column of genres, so that items have few words")
    _note(found, "csv.items", written, roles)
    found.dataset["csv"]["items"] = block
    table = read_table(folder, "items", CsvSettings.model_validate(found.dataset["csv"]))
    assert table is not None
    described, ids = unify_ids(table.rows["item_id"], rated)
    items = RawTable(table.rows.assign(item_id=described), table.file, table.where)
    complete_items(items, pd.DataFrame({"item_id": ids}))
    n_described = int(ids.drop_duplicates().isin(described).sum())
    found.reasons["csv.items.item"] = f"{n_described:,} of {ids.nunique():,} rated items are here."
    found.counts["described"] = n_described


def _describe_recbole(found: Initial, ratings: Path, items: Path | None) -> None:
    beside = ratings.with_suffix(".item")
    if items is not None and items.name != beside.name:
        raise UserError(
            f"{items}: RecBole's file of items is named like that of the ratings: {beside.name}."
        )
    others = sorted(path.name for path in ratings.parent.glob("*.inter") if path != ratings)
    if others:
        raise UserError(
            f"{ratings.parent}: has {', '.join(others)} also; put {ratings.name} and its .item "
            "file into a folder of their own."
        )
    found.dataset["format"] = "recbole"
    found.reasons["format"] = f"{ratings.name}{f' and {beside.name}' if beside.exists() else ''}."
    with unpacked([ratings, *([beside] if beside.exists() else [])]) as folder:
        tables = READERS["recbole"](folder)
        _describe_values(found, tables.ratings)
