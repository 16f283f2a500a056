"""The first configuration for one's own files: their form, columns, scale and repeated ratings.

The first rows show the columns; the whole files, read as the import reads them, show the rest.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from blendmf.common.errors import UserError
from blendmf.config.dataset import CsvSettings
from blendmf.config.fields import FOLDER_NAME
from blendmf.ingest.catalogue import KNOWN
from blendmf.ingest.complete_descriptions import complete_items
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
from blendmf.ingest.guess_scale import describe_values
from blendmf.ingest.ids import with_unified_ids
from blendmf.ingest.overlay_text import Initial
from blendmf.ingest.own_files import read_table
from blendmf.ingest.raw_tables import RawTable, RawTables
from blendmf.ingest.readers import READERS
from blendmf.ingest.sample_files import require_file, sample, unpacked

GUESSED = "columns guessed from their values"

UNSPECIFIC = frozenset({"ratings", "rating", "data", "raw", "train", "u", "inter", "reviews", ""})
"""Names of files and folders that do not say which data they hold."""


def initial_configuration(
    ratings: Path, items: Path | None, name: str | None = None, more: Sequence[Path] = ()
) -> Initial:
    """Guess the configuration of a file of ratings and perhaps one that describes the items.

    Parameters
    ----------
    ratings, items : Path
        Text, perhaps in gzip or zip, or Parquet; or RecBole's atomic files.
    name : str, optional
        Name of the data set; default: that of the file or of its folder.
    more : sequence of Path
        Further files of ratings, written as the first one.

    Raises
    ------
    UserError
        If something that is needed cannot be guessed, or if the files cannot be used.
    """
    given = [ratings, *more, *([] if items is None else [items])]
    for path in given:
        require_file(path)
        if path.parent.resolve() != ratings.parent.resolve():
            raise UserError(f"{ratings} and {path} are in different folders; put both into one.")
    if len({path.name for path in given}) < len(given):
        raise UserError(f"{', '.join(map(str, given))}: a file is named twice; name each once.")
    found = Initial({"name": _name(ratings, name), "path": _shortest(ratings.parent.resolve())})
    if ratings.suffix == ".inter":
        if more:
            raise UserError(f"{more[0]}: RecBole has one file of ratings; name it alone.")
        _describe_recbole(found, ratings, items)
        return found
    with unpacked(given) as folder:
        table = _describe_ratings(found, folder, [path.name for path in (ratings, *more)])
        if items is not None:
            descriptions = sample(folder / items.name)
            table = _with_described_item(found, table, descriptions[0])
        describe_values(found, table)
        if items is not None:
            _describe_items(found, folder, items.name, descriptions, table)
    return found


def _name(ratings: Path, given: str | None) -> str:
    if given is not None:
        if not re.fullmatch(FOLDER_NAME, given):
            raise UserError(
                f"--name {given}: must be letters, digits, dots, underscores and hyphens, and "
                "start with a letter or digit."
            )
        return given
    stem = re.sub(r"(\.(gz|zip|csv|tsv|txt|dat|data|parquet|pq|inter))+$", "", ratings.name)
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


def _block(
    file: str | list[str], written: Mapping[str, Any], roles: Roles, keys: Sequence[str]
) -> dict[str, Any]:
    """Settings of a file: how it is written, and its columns in the order of `keys`."""
    columns = {key: roles.columns[key].name for key in keys if key in roles.columns}
    return {"file": file, **written, **columns}


def _describe_ratings(found: Initial, folder: Path, files: Sequence[str]) -> RawTable:
    """Add the files of ratings, by the form and the columns of the first one; read them all."""
    columns, written = sample(folder / files[0])
    roles = rating_roles(columns, files[0])
    block = _block(
        files[0] if len(files) == 1 else list(files),
        written,
        roles,
        ("user", "item", "rating", "timestamp"),
    )
    _note(found, "csv.ratings", written, roles)
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
    rated_name = found.dataset["csv"]["ratings"]["item"]
    roles = item_roles(columns, rated_name, _plain_ids(ratings.rows["item_id"]))
    refuse_repeated_items(file, roles.columns["item"].given, ratings.file)
    block = _block(file, written, roles, ("item", "title", "year", "genres"))
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
    tables, _ = with_unified_ids(RawTables(ratings, table))
    complete_items(tables["items"], tables["ratings"].rows)
    ids = tables["ratings"].rows["item_id"].drop_duplicates()
    n_described = int(ids.isin(tables["items"].rows["item_id"]).sum())
    found.reasons["csv.items.item"] = f"{n_described:,} of {len(ids):,} rated items are here."
    found.counts["described"] = n_described


def _describe_recbole(found: Initial, ratings: Path, items: Path | None) -> None:
    item_file = ratings.with_suffix(".item")
    if items is not None and items.name != item_file.name:
        raise UserError(
            f"{items}: RecBole's file of items is named like that of the ratings: {item_file.name}."
        )
    others = sorted(path.name for path in ratings.parent.glob("*.inter") if path != ratings)
    if others:
        raise UserError(
            f"{ratings.parent}: has {', '.join(others)} also; put {ratings.name} and its .item "
            "file into a folder of their own."
        )
    found.dataset["format"] = "recbole"
    found.reasons["format"] = (
        f"{ratings.name}{f' and {item_file.name}' if item_file.exists() else ''}."
    )
    with unpacked([ratings, *([item_file] if item_file.exists() else [])]) as folder:
        tables = READERS["recbole"](folder)
        describe_values(found, tables.ratings)
