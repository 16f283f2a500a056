"""Reader of one's own files, as `dataset.csv` describes them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from blendmf.common.errors import UserError
from blendmf.config.dataset import CsvSettings, ItemsFile, OwnFile, UsersFile
from blendmf.ingest.delimited import read_delimited
from blendmf.ingest.descriptions import described, described_users
from blendmf.ingest.dialects import own_text_file
from blendmf.ingest.ids import IDS
from blendmf.ingest.parquet_files import column_names, is_parquet, read_parquet
from blendmf.ingest.raw_tables import Finding, RawTable, RawTables
from blendmf.ingest.values import converted

COLUMNS = {
    "ratings": {"user_id": "user", "item_id": "item", "rating": "rating", "timestamp": "timestamp"},
    "items": {"item_id": "item", "title": "title", "year": "year", "genres": "genres"},
    "tags": {"user_id": "user", "item_id": "item", "tag": "tag", "timestamp": "timestamp"},
    "users": {"user_id": "user"},
}
"""Key of each canonical column under ``dataset.csv``, by table."""


def read_own_files(raw: Path, csv: CsvSettings | None) -> RawTables:
    """Read the user's own files from a folder.

    Without a column of timestamps, all are 0 and temporal splits use the order of the file. Without
    a column of years, they are taken from titles such as "Heat (1995)". Several files of ratings
    count as one, in the order of their names in the configuration; their rows have the number of
    their file in the column ``file``.
    """
    if csv is None:
        raise UserError(
            "dataset.csv.ratings: missing; name there the file of the ratings and its columns "
            "(user, item, rating)"
        )
    ratings = read_table(raw, "ratings", csv)
    assert ratings is not None
    return RawTables(
        ratings, *(read_table(raw, table, csv) for table in ("items", "tags", "users"))
    )


def read_table(raw: Path, table: str, csv: CsvSettings) -> RawTable | None:
    """Read one of the tables that `COLUMNS` lists; None if it is not configured."""
    given = csv.tables.get(table)
    if given is None:
        return None
    columns = named_columns(table, given)
    found = joined([_read(raw / file, table, given, csv, columns) for file in given.files])
    if isinstance(given, ItemsFile):
        return described(found, given.genres_separator)
    if isinstance(given, UsersFile):
        codes = [str(column) for column in given.codes]
        if wrong := [code for code in codes if code not in found.rows]:
            raise UserError(
                f"dataset.csv.users.codes: {', '.join(wrong)}: none of the columns that describe "
                f"the users, {', '.join(found.rows.columns.drop('user_id'))}. Correct the list."
            )
        return described_users(found, codes)
    if "timestamp" in columns:
        return found
    if table == "tags":
        what = "tags without times: each counts as known when its author last rated in training"
        return without_times(found, what, doubtful=True)
    return without_times(found)


def _read(
    path: Path, table: str, given: OwnFile, csv: CsvSettings, columns: dict[str, str | int]
) -> RawTable:
    takes_all = isinstance(given, UsersFile) and given.features is None
    if is_parquet(path):
        form = getattr(given, "timestamp_format", None)
        if takes_all:
            columns = {**columns, **other_columns(column_names(path), columns["user_id"])}
        return converted(read_parquet(path, columns), csv.decimal, form)
    file, named = own_text_file(path, table, given, csv, columns)
    if takes_all:
        named |= other_columns(file.names or (), named["user_id"])
    return read_delimited(file, named)


def other_columns(names: Sequence[str], user: str | int) -> dict[str, str]:
    """Columns of a file that may describe users: not the ids, and nothing that ratings have.

    Columns without a header are called by their numbers, as in the configuration.
    """
    taken = {
        "",
        *COLUMNS["ratings"],
        *([user] if isinstance(user, str) else names[user : user + 1]),
    }
    return {name.removeprefix("column "): name for name in names if name not in taken}


def named_columns(table: str, given: OwnFile) -> dict[str, str | int]:
    """The column of the file for each canonical column of a table that the settings name."""
    columns = {name: getattr(given, key) for name, key in COLUMNS[table].items()}
    if isinstance(given, UsersFile):
        columns |= {str(column): column for column in given.features or ()}
    return {name: column for name, column in columns.items() if column is not None}


def without_times(
    table: RawTable,
    what: str = "no timestamps: temporal splits fall back on file order",
    *,
    doubtful: bool = False,
) -> RawTable:
    """The table with all timestamps 0, and a note that says what follows from it."""
    note = Finding(table.file, len(table.rows), what, doubtful=doubtful)
    rows = table.rows.assign(timestamp=0)
    return replace(table, rows=rows, findings=(*table.findings, note))


def joined(tables: list[RawTable]) -> RawTable:
    """One table of several, in their order; a single one stays as it is."""
    if len(tables) == 1:
        return tables[0]
    ends = np.cumsum([len(table.rows) for table in tables])

    def where(rows: list[int]) -> Iterator[str]:
        for row in rows:
            number = int(np.searchsorted(ends, row, side="right"))
            first = ends[number - 1] if number else 0
            yield f"{tables[number].file}: {tables[number].where([row - int(first)])[0]}"

    ids = {name: _alike([table.rows[name] for table in tables]) for name in IDS}
    numbered = [
        table.rows.assign(file=np.int16(number), **{name: ids[name][number] for name in IDS})
        for number, table in enumerate(tables)
    ]
    rows = pd.concat(numbered, ignore_index=True)
    findings = tuple(finding for table in tables for finding in table.findings)
    names = ", ".join(table.file for table in tables)
    return RawTable(rows, names, lambda rows: list(where(list(rows))), findings)


def _alike(ids: list[pd.Series]) -> list[pd.Series]:
    """Ids of several files, all integers or all with the same categories."""
    if all(pd.api.types.is_integer_dtype(column) for column in ids):
        return ids
    texts = [c if c.dtype == "category" else c.astype("str").astype("category") for c in ids]
    categories = union_categoricals(texts).categories
    return [column.cat.set_categories(categories) for column in texts]
