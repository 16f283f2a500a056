"""One reader for each format in which ratings are published.

A reader knows the names of files and columns and how titles and genres are written. It only checks
that every value can be read; `blendmf.ingest.validation` checks the tables together.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from blendmf.common.errors import UserError
from blendmf.config.dataset import CsvSettings, DatasetSettings, ItemsFile, RatingsFile, TagsFile
from blendmf.ingest.canonical import read_canonical
from blendmf.ingest.delimited import TextFile, read_delimited
from blendmf.ingest.raw_tables import GENRES_TYPE, Finding, RawTable, RawTables

# fmt: off
GENRES_100K = [
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
]
# fmt: on
NO_GENRE = ("", "(no genres listed)", "unknown")

RATINGS = ("user_id", "item_id", "rating", "timestamp")
TAGS = ("user_id", "item_id", "tag", "timestamp")

TITLE_AND_YEAR = (
    r"^(?P<title>.*\S)"
    r"\s*\((?P<year>\d{4})(?:[-–]\d{0,4})?\)"  # noqa: RUF001
    r"(?:\s*\((?:V|TV|VG)\))?\s*$"
)
"""Title, the (first) year in parentheses at its end, and IMDb's mark of the medium."""

YEAR = r"^\s*(\d{4})(?:\.0*)?\s*$"


def read_raw(raw: Path, dataset: DatasetSettings, form: str) -> RawTables:
    """Read a folder of raw files, without subfolders.

    `form` is a key of `READERS`, or ``csv`` for the files that ``dataset.csv`` describes.

    Raises
    ------
    UserError
        If a file is missing or cannot be read.
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
    """Read RecBole's atomic files: one ``.inter`` of ratings and, if it exists, one ``.item``."""
    found = {suffix: sorted(raw.glob(f"*{suffix}")) for suffix in (".inter", ".item")}
    if len(found[".inter"]) != 1:
        raise UserError(
            f"{raw}: {len(found['.inter'])} files end in .inter; there must be one. Delete the "
            "folder and fetch the data again."
        )
    ids = {"user_id": "user_id:token", "item_id": "item_id:token"}
    ratings = read_delimited(
        TextFile(found[".inter"][0], separator="\t", quoted=False),
        ids | {"rating": "rating:float", "timestamp": "timestamp:float"},
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
    )


def read_movielens_dat(raw: Path) -> RawTables:
    """Read the 1M and 10M files with ``::`` between fields; only the latter have ``tags.dat``.

    ``movies.dat`` is Latin-1 in the former and UTF-8 in the latter. The bytes show which, because
    accented Latin-1 text is not valid UTF-8.
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
    return RawTables(ratings, described(items, genres_separator="|"), tags)


def read_movielens_csv(raw: Path) -> RawTables:
    """Read the files of ml-latest-small and of 20M and later, with headers and RFC 4180 quotes."""

    def read(name: str, columns: tuple[str, ...]) -> RawTable:
        in_file = {"user_id": "userId", "item_id": "movieId"}
        return read_delimited(TextFile(raw / name), {c: in_file.get(c, c) for c in columns})

    ratings = read("ratings.csv", RATINGS)
    items = read("movies.csv", ("item_id", "title", "genres"))
    tags = read("tags.csv", TAGS) if (raw / "tags.csv").exists() else None
    return RawTables(ratings, described(items, genres_separator="|"), tags)


def read_own_csv(raw: Path, csv: CsvSettings | None) -> RawTables:
    """Read the user's own files from a folder.

    Without a column of timestamps, all are 0 and temporal splits use the order of the file. Without
    a column of years, they are taken from titles such as "Heat (1995)".
    """
    if csv is None:
        raise UserError(
            "dataset.csv.ratings: missing; name there the file of the ratings and its columns "
            "(user, item, rating)"
        )

    def read(table: str, given: RatingsFile | ItemsFile | TagsFile, *names: str) -> RawTable:
        keys = {"user_id": "user", "item_id": "item"}
        columns = {name: getattr(given, keys.get(name, name)) for name in names}
        file = TextFile(
            raw / given.file,
            separator=csv.separator,
            encoding=csv.encoding,
            advice=f"Name the right columns under dataset.csv.{table}, and dataset.csv.separator.",
        )
        found = read_delimited(file, {name: column for name, column in columns.items() if column})
        if "timestamp" not in names or columns["timestamp"]:
            return found
        what = "no timestamps: temporal splits fall back on file order"
        note = Finding(found.file, len(found.rows), what)
        rows = found.rows.assign(timestamp=0)
        return replace(found, rows=rows, findings=(*found.findings, note))

    ratings, items, tags = read("ratings", csv.ratings, *RATINGS), None, None
    if csv.items is not None:
        items = read("items", csv.items, "item_id", "title", "year", "genres")
        items = described(items, csv.items.genres_separator)
    if csv.tags is not None:
        tags = read("tags", csv.tags, *TAGS)
    return RawTables(ratings, items, tags)


READERS: dict[str, Callable[[Path], RawTables]] = {
    "recbole": read_recbole,
    "movielens-100k": read_movielens_100k,
    "movielens-dat": read_movielens_dat,
    "movielens-csv": read_movielens_csv,
    "canonical": read_canonical,
}


def described(items: RawTable, genres_separator: str) -> RawTable:
    """Convert descriptions of items to the canonical columns.

    `items` has the column ``item_id`` and any of ``title``, ``year`` and ``genres``, all text. Then
    the title is missing if empty; the year is Int64, missing if neither the column nor the end of
    the title contains a number of four digits; the genres are a list of distinct strings. A year at
    the end of the title is removed unless it contradicts the column. The findings report years that
    cannot be read.
    """
    rows = items.rows
    nothing = pd.Series("", index=rows.index, dtype="str")
    text = rows.get("title", nothing).str.strip()
    parts = text.str.extract(TITLE_AND_YEAR)
    stated_text = rows.get("year", nothing)
    stated = pd.to_numeric(stated_text.str.extract(YEAR)[0]).astype("Int64")
    in_title = pd.to_numeric(parts["year"]).astype("Int64")
    year = stated.fillna(in_title)
    title = text.mask((in_title == year).fillna(False).astype(bool), parts["title"])
    genres = [
        list(
            dict.fromkeys(g for g in map(str.strip, t.split(genres_separator)) if g not in NO_GENRE)
        )
        for t in rows.get("genres", nothing)
    ]
    table = pd.DataFrame(
        {
            "item_id": rows["item_id"],
            "title": title.mask(title == ""),
            "year": year,
            "genres": pd.Series(genres, index=rows.index, dtype=GENRES_TYPE),
        }
    )
    findings = items.findings
    unreadable = stated_text[stated.isna() & (stated_text.str.strip() != "")]
    if len(unreadable):
        examples = ", ".join(repr(str(value)) for value in unreadable.unique()[:3])
        what = f"years that are not four digits, looked for in the title instead: {examples}"
        findings = (*findings, Finding(items.file, len(unreadable), what))
    return replace(items, rows=table, findings=findings)


def _genres(names: list[str]) -> list[str]:
    return list(dict.fromkeys(g for g in map(str.strip, names) if g not in NO_GENRE))
