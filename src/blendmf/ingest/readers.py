"""One reader for each format in which ratings are published.

A reader knows the names of files and columns and how titles and genres are written. It only checks
that every value can be read; `blendmf.ingest.validation` checks the tables together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from blendmf.common.errors import UserError
from blendmf.config.dataset import CsvSettings, DatasetSettings, RatingsFile
from blendmf.data.tables import ITEMS_COLUMNS
from blendmf.ingest.delimited import read_delimited
from blendmf.ingest.descriptions import described, described_users
from blendmf.ingest.dialects import found_separator
from blendmf.ingest.own_files import read_own_files, without_times
from blendmf.ingest.parquet_files import read_parquet
from blendmf.ingest.raw_tables import GENRES_TYPE, RawTable, RawTables
from blendmf.ingest.text_files import TextFile, first_lines, split_line
from blendmf.ingest.values import converted

# fmt: off
GENRES_100K = [
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
]
# fmt: on

RATINGS = ("user_id", "item_id", "rating", "timestamp")
TAGS = ("user_id", "item_id", "tag", "timestamp")

RECBOLE_RATINGS = {
    "user_id": ["user_id"],
    "item_id": ["item_id"],
    "rating": ["rating"],
    "timestamp": ["timestamp"],
}
RECBOLE_ITEMS = {
    "item_id": ["item_id"],
    "title": ["movie_title", "title", "name", "item_name"],
    "year": ["release_year", "year"],
    "genres": ["class", "genre", "genres", "categories", "category", "tags"],
}
"""Names that a column may have in RecBole's atomic files, without the type."""


def read_raw(raw: Path, dataset: DatasetSettings, form: str) -> RawTables:
    """Read a folder of raw files, without subfolders.

    `form` is a key of `READERS`, or ``csv`` for the files that ``dataset.csv`` describes.

    Raises
    ------
    UserError
        If a file is missing or cannot be read.
    """
    if form == "csv":
        return read_own_files(raw, dataset.csv)
    if form not in READERS:
        raise UserError(
            f"{raw / 'origin.json'}: unknown format {form!r}; known are csv, {', '.join(READERS)}. "
            "Delete the folder and fetch the data again."
        )
    return READERS[form](raw)


def read_recbole(raw: Path) -> RawTables:
    """Read RecBole's atomic files: one ``.inter`` of ratings, perhaps one ``.item`` and ``.user``.

    Columns are recognised by their names, which end in a type, such as ``rating:float``. All
    columns of users that hold one value describe them.
    """
    found = {suffix: sorted(raw.glob(f"*{suffix}")) for suffix in (".inter", ".item", ".user")}
    if len(found[".inter"]) != 1:
        raise UserError(
            f"{raw}: {len(found['.inter'])} files end in .inter; there must be one. Delete the "
            "folder and fetch the data again."
        )
    inter = TextFile(found[".inter"][0], separator="\t", quoted=False)
    ratings = read_delimited(inter, _typed(inter, RECBOLE_RATINGS, 3))
    if "timestamp" not in ratings.rows:
        ratings = without_times(ratings)
    items = users = None
    if found[".item"]:
        item = TextFile(found[".item"][0], separator="\t", quoted=False)
        items = described(read_delimited(item, _typed(item, RECBOLE_ITEMS, 1)), " ")
    if found[".user"]:
        user = TextFile(found[".user"][0], separator="\t", quoted=False)
        header = first_lines(user.path, user.encoding)[0].split("\t")
        columns = {c.partition(":")[0]: c for c in header if not c.endswith("_seq")}
        users = described_users(read_delimited(user, {"user_id": "user_id"} | columns))
    return RawTables(ratings, items, users=users)


def _typed(file: TextFile, names: Mapping[str, Sequence[str]], required: int) -> dict[str, str]:
    """Columns of a file with typed names, without those that it lacks after the required ones."""
    header = first_lines(file.path, file.encoding)[0].split("\t")
    columns: dict[str, str] = {}
    for canonical, alternatives in names.items():
        matching = [column for column in header if column.partition(":")[0] in alternatives]
        if matching or len(columns) < required:
            columns[canonical] = matching[0] if matching else alternatives[0]
    return columns


def read_movielens_100k(raw: Path) -> RawTables:
    """Read GroupLens' 100K files in Latin-1: ``u.item`` has a flag per genre."""
    file = TextFile(
        raw / "u.item",
        separator="|",
        quoted=False,
        encoding="latin-1",
        names=("item_id", "title", "release date", "video date", "address", *GENRES_100K),
    )
    columns = {"item_id": "item_id", "title": "title", "year": "release date"}
    items = read_delimited(file, columns | {genre: genre for genre in GENRES_100K})
    flags = items.rows[GENRES_100K]
    items.require(
        flags.isin(["0", "1"]).all(axis=1).to_numpy(),
        "row(s) with a genre flag other than 0 and 1",
        file.advice,
    )
    # A flag times a name is the name or nothing.
    names = np.array([f"{genre}|" for genre in GENRES_100K], dtype=object)
    genres = (flags == "1").to_numpy().astype(object) @ names
    rows = items.rows[list(columns)].assign(
        year=items.rows["year"].str[-4:], genres=pd.Series(genres, dtype="str")
    )
    ratings = TextFile(raw / "u.data", separator="\t", quoted=False, names=RATINGS)
    return RawTables(
        read_delimited(ratings, {name: name for name in RATINGS}),
        described(replace(items, rows=rows), genres_separator="|"),
        users=_users(raw / "u.user", "|", ("user_id", "age", "gender", "occupation", "zip_code")),
    )


def _users(path: Path, separator: str, columns: tuple[str, ...]) -> RawTable | None:
    """Descriptions of users in a file without a header; None if there is no such file."""
    if not path.exists():
        return None
    file = TextFile(path, separator, quoted=False, encoding="latin-1", names=columns)
    return described_users(read_delimited(file, {column: column for column in columns}))


def read_movielens_dat(raw: Path) -> RawTables:
    """Read the 1M and 10M files with ``::`` between fields.

    Only the former have ``users.dat``, only the latter ``tags.dat``. ``movies.dat`` is Latin-1 in
    the former and UTF-8 in the latter. The bytes show which, because accented Latin-1 text is not
    valid UTF-8.
    """

    def read(name: str, columns: tuple[str, ...], encoding: str = "utf-8") -> RawTable:
        file = TextFile(raw / name, "::", quoted=False, encoding=encoding, names=columns)
        return read_delimited(file, {column: column for column in columns})

    movies, encoding = raw / "movies.dat", "utf-8"
    try:
        movies.exists() and movies.read_text(encoding=encoding)
    except UnicodeDecodeError:
        encoding = "latin-1"
    ratings = read("ratings.dat", RATINGS)
    items = read(movies.name, ("item_id", "title", "genres"), encoding)
    tags = read("tags.dat", TAGS) if (raw / "tags.dat").exists() else None
    users = _users(raw / "users.dat", "::", ("user_id", "gender", "age", "occupation", "zip_code"))
    return RawTables(ratings, described(items, genres_separator="|"), tags, users)


def read_movielens_csv(raw: Path) -> RawTables:
    """Read the files of ml-latest-small and of 20M and later, with headers and RFC 4180 quotes."""

    def read(name: str, columns: tuple[str, ...]) -> RawTable:
        in_file = {"user_id": "userId", "item_id": "movieId"}
        return read_delimited(TextFile(raw / name), {c: in_file.get(c, c) for c in columns})

    ratings = read("ratings.csv", RATINGS)
    items = read("movies.csv", ("item_id", "title", "genres"))
    tags = read("tags.csv", TAGS) if (raw / "tags.csv").exists() else None
    return RawTables(ratings, described(items, genres_separator="|"), tags)


def read_triples(raw: Path) -> RawTables:
    """Read one file of user, item, rating and perhaps time, without a header."""
    found = sorted(path for path in raw.iterdir() if path.name != "origin.json")
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise UserError(f"dataset.path: must have one file of triples, not {names}")
    lines = first_lines(found[0], "utf-8")
    n_columns = len(split_line(lines[0], found_separator(lines)))
    times = 3 if n_columns > 3 else None
    ratings = RatingsFile(file=found[0].name, user=0, item=1, rating=2, timestamp=times)
    return read_own_files(raw, CsvSettings(ratings=ratings))


def read_canonical(raw: Path) -> RawTables:
    """Read generated tables, which already have the canonical columns."""
    ratings = read_parquet(raw / "ratings.parquet", {name: name for name in RATINGS})
    path = raw / "items.parquet"
    if not path.exists():
        return RawTables(converted(ratings))
    items = read_parquet(path, {name: name for name in ITEMS_COLUMNS})
    title = items.rows["title"].mask(items.rows["title"] == "")
    lists = pq.read_table(path, columns=["year", "genres"])
    year = lists["year"].to_pandas(types_mapper=lambda _: pd.Int64Dtype())
    genres = lists["genres"].to_pandas(types_mapper=lambda _: GENRES_TYPE)
    rows = items.rows.assign(title=title, year=year, genres=genres)
    return RawTables(converted(ratings), replace(items, rows=rows))


READERS: dict[str, Callable[[Path], RawTables]] = {
    "recbole": read_recbole,
    "triples": read_triples,
    "movielens-100k": read_movielens_100k,
    "movielens-dat": read_movielens_dat,
    "movielens-csv": read_movielens_csv,
    "canonical": read_canonical,
}
