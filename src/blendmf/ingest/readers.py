"""One reader for each form in which ratings are published.

A reader knows names of files and columns and how titles and genres are written. It checks no
more than that every value can be read; what the tables must satisfy together is for
`blendmf.ingest.validation`.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from blendmf.common.errors import UserError
from blendmf.config.dataset import CsvSettings, DatasetSettings, ItemsFile, RatingsFile, TagsFile
from blendmf.ingest.canonical import read_canonical
from blendmf.ingest.delimited import read_delimited
from blendmf.ingest.descriptions import described
from blendmf.ingest.lines import TextFile
from blendmf.ingest.raw_tables import Finding, RawTable, RawTables

GENRES_100K = [
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
]

RATINGS = ("user_id", "item_id", "rating", "timestamp")
TAGS = ("user_id", "item_id", "tag", "timestamp")


def read_raw(raw: Path, dataset: DatasetSettings, form: str) -> RawTables:
    """Read a folder of raw files.

    Parameters
    ----------
    raw : Path
        Folder that holds the files, without subfolders.
    dataset : DatasetSettings
    form : str
        ``recbole``, ``movielens-100k``, ``movielens-dat``, ``movielens-csv``, ``canonical`` or
        ``csv`` (the files that ``dataset.csv`` describes).

    Raises
    ------
    UserError
        If a file is missing or cannot be read as what it should be.
    """
    if form == "csv":
        return read_own_csv(raw, dataset.csv)
    if form not in READERS:
        raise UserError(
            f"{raw / 'origin.json'}: unknown format {form!r}; known are csv, {', '.join(READERS)}. "
            "Delete the folder and fetch the data again."
        )
    return READERS[form](raw)


def read_recbole(raw: Path) -> RawTables:
    """Read RecBole's atomic files: one ``.inter`` of ratings and, if there, one ``.item``."""
    found = {suffix: sorted(raw.glob(f"*{suffix}")) for suffix in (".inter", ".item")}
    if len(found[".inter"]) != 1:
        raise UserError(
            f"{raw}: {len(found['.inter'])} files end in .inter; there must be one. Delete the "
            "folder and fetch the data again."
        )
    ratings = read_delimited(
        TextFile(found[".inter"][0], separator="\t", quoted=False),
        {
            "user_id": "user_id:token",
            "item_id": "item_id:token",
            "rating": "rating:float",
            "timestamp": "timestamp:float",
        },
    )
    if not found[".item"]:
        return RawTables(ratings)
    columns = {
        "item_id": "item_id:token",
        "title": "movie_title:token_seq",
        "year": "release_year:token",
        "genres": "class:token_seq",
    }
    items = read_delimited(TextFile(found[".item"][0], separator="\t", quoted=False), columns)
    return RawTables(ratings, described(items, genres_separator=" "))


def read_movielens_100k(raw: Path) -> RawTables:
    """Read GroupLens' 100K files: ``u.data``, and ``u.item`` in Latin-1 with a flag per genre."""
    ratings = TextFile(raw / "u.data", separator="\t", quoted=False, names=RATINGS)
    items = TextFile(
        raw / "u.item",
        separator="|",
        quoted=False,
        encoding="latin-1",
        names=("item_id", "title", "release date", "video date", "address", *GENRES_100K),
    )
    columns = {"item_id": "item_id", "title": "title", "year": "release date"}
    table = read_delimited(items, columns | {genre: genre for genre in GENRES_100K})
    flags = table.rows[GENRES_100K]
    table.require(
        flags.isin(["0", "1"]).all(axis=1).to_numpy(),
        "row(s) with a genre flag other than 0 and 1",
        items.advice,
    )
    # The product of a flag and a name is the name or nothing.
    names = np.array([f"{genre}|" for genre in GENRES_100K], dtype=object)
    genres = (flags == "1").to_numpy().astype(object) @ names
    rows = table.rows[list(columns)].assign(
        year=table.rows["year"].str[-4:], genres=pd.Series(genres, dtype="str")
    )
    items_read = RawTable(rows, table.file, table.where, table.findings)
    return RawTables(
        read_delimited(ratings, {name: name for name in RATINGS}),
        described(items_read, genres_separator="|"),
    )


def read_movielens_dat(raw: Path) -> RawTables:
    """Read the 1M and 10M files, fields divided by ``::``; ``tags.dat`` only in the latter.

    ``movies.dat`` is Latin-1 in the former and UTF-8 in the latter; which one is seen from its
    bytes, since accented Latin-1 text is no valid UTF-8.
    """

    def read(name: str, columns: tuple[str, ...], encoding: str = "utf-8") -> RawTable:
        file = TextFile(raw / name, "::", quoted=False, encoding=encoding, names=columns)
        return read_delimited(file, {column: column for column in columns})

    ratings = read("ratings.dat", RATINGS)
    items = read("movies.dat", ("item_id", "title", "genres"), _utf8_or_latin1(raw / "movies.dat"))
    tags = read("tags.dat", TAGS) if (raw / "tags.dat").exists() else None
    return RawTables(ratings, described(items, genres_separator="|"), tags)


def read_movielens_csv(raw: Path) -> RawTables:
    """Read the files of ml-latest-small and of 20M and later, with headers and RFC 4180 quotes."""
    ids = {"user_id": "userId", "item_id": "movieId"}
    ratings = read_delimited(
        TextFile(raw / "ratings.csv"), ids | {"rating": "rating", "timestamp": "timestamp"}
    )
    items = read_delimited(
        TextFile(raw / "movies.csv"), {"item_id": "movieId", "title": "title", "genres": "genres"}
    )
    tags = None
    if (raw / "tags.csv").exists():
        columns = ids | {"tag": "tag", "timestamp": "timestamp"}
        tags = read_delimited(TextFile(raw / "tags.csv"), columns)
    return RawTables(ratings, described(items, genres_separator="|"), tags)


def read_own_csv(raw: Path, csv: CsvSettings | None) -> RawTables:
    """Read the user's own files.

    Parameters
    ----------
    raw : Path
        Folder of the files.
    csv : CsvSettings
        The files and the names of their columns.

    Notes
    -----
    Without timestamps, all are 0 and temporal splits use the order of the file. Without a column
    for the year, it is taken from titles such as "Heat (1995)".
    """
    if csv is None:
        raise UserError(
            "dataset.csv.ratings: missing; name there the file of the ratings and its columns "
            "(user, item, rating)"
        )

    def read(
        table: str, given: RatingsFile | ItemsFile | TagsFile, names: dict[str, str]
    ) -> RawTable:
        columns = {name: getattr(given, key) for key, name in names.items()}
        file = TextFile(
            raw / given.file,
            separator=csv.separator,
            encoding=csv.encoding,
            advice=f"Name the right columns under dataset.csv.{table}, and dataset.csv.separator.",
        )
        return read_delimited(file, {name: column for name, column in columns.items() if column})

    ids, when = {"user": "user_id", "item": "item_id"}, {"timestamp": "timestamp"}
    ratings = _with_timestamps(read("ratings", csv.ratings, ids | {"rating": "rating"} | when))
    items = tags = None
    if csv.items is not None:
        names = {"item": "item_id"} | {name: name for name in ("title", "year", "genres")}
        items = described(read("items", csv.items, names), csv.items.genres_separator)
    if csv.tags is not None:
        tags = _with_timestamps(read("tags", csv.tags, ids | {"tag": "tag"} | when))
    return RawTables(ratings, items, tags)


READERS: dict[str, Callable[[Path], RawTables]] = {
    "recbole": read_recbole,
    "movielens-100k": read_movielens_100k,
    "movielens-dat": read_movielens_dat,
    "movielens-csv": read_movielens_csv,
    "canonical": read_canonical,
}


def _utf8_or_latin1(path: Path) -> str:
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    except FileNotFoundError:
        pass
    return "utf-8"


def _with_timestamps(table: RawTable) -> RawTable:
    """Give a table without timestamps the timestamp 0 throughout."""
    if "timestamp" in table.rows:
        return table
    note = Finding(
        table.file,
        len(table.rows),
        "no timestamps: temporal splits fall back on file order",
    )
    rows = table.rows.assign(timestamp=0)
    return RawTable(rows, table.file, table.where, (*table.findings, note))
