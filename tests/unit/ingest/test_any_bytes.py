"""Whatever bytes a file has, each reader gives a result or a message, and soon."""

import io
import itertools
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blendmf.common.errors import UserError
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.archives import unpack, unpack_in_place
from blendmf.ingest.catalogue import Layout
from blendmf.ingest.fetch import fetch
from blendmf.ingest.import_tables import import_tables
from blendmf.ingest.initial import initial_configuration
from blendmf.ingest.overlay_text import overlay_text
from blendmf.ingest.precheck import data_problems
from blendmf.ingest.readers import GENRES_100K, READERS
from odd_bytes import any_file
from packed import tarred

some = settings(
    max_examples=40,
    deadline=30_000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

RATINGS = b"user,film,stars,when\n" + b"".join(
    b"u%d,f%d,%d,%d\n" % (user, film, (user + film) % 5 + 1, 1_300_000_000 + 60 * user + film)
    for user, film in itertools.product(range(3), range(3))
)
DATES = (
    b"user;film;stars;when\nu1;a;4,5;2011-03-13\nu1;b;2;2011-03-14T12:00:00Z\nu2;a;5;2011-03-15\n"
)
FILMS = (
    b'film,title,year,kinds\nf0,"Heat (1995)",1995,Drama|Crime\nf1,"A, ""B""",,\nf2,C (2001),,War\n'
)
TAGS = b"user,film,tag,when\nu0,f0,dark,1300000000\nu1,f1,light,1300000001\n"
USERS = b"user,age,job\nu0,33,artist\nu1,44,clerk\nu2,,none\n"
NAMED = {"user": "user", "item": "film", "rating": "stars", "timestamp": "when"}
NUMBERED = {"user": 0, "item": 1, "rating": 2, "timestamp": 3}


def printable(message: str) -> None:
    assert all(line.isprintable() for line in message.splitlines()), message
    assert len(message) < 20_000


def result_or_message(read: Callable[[Path], object], files: Mapping[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        try:
            read(folder)
        except UserError as error:
            printable(str(error))


def imported(folder: Path, columns: Mapping[str, Any], csv: Mapping[str, Any]) -> None:
    """Check and import, as a run does; what was not read is counted."""
    own = {"ratings": {"file": "ratings.csv", **columns}, **csv}
    dataset = DatasetSettings(
        name="own", path=str(folder), rating_range=[1, 5], duplicates="last", csv=own
    )
    for problem in data_problems(dataset):
        printable(problem)
    fetch(dataset, folder / "raw", None, {})
    tables = import_tables(folder / "raw", dataset)
    assert np.isfinite(tables.ratings["rating"]).all()
    assert tables.ratings["rating"].between(1, 5).all()
    assert all(np.isfinite(fact) for fact in tables.source["counts"].values())


@given(
    any_file(RATINGS, DATES, RATINGS.replace(b",", b"::"), RATINGS.decode().encode("utf-16")),
    st.sampled_from([NAMED, NUMBERED, NAMED | {"timestamp_format": "%d/%m/%Y"}]),
    st.sampled_from([{}, {}, {"encoding": "latin-1"}, {"encoding": "utf-16"}, {"decimal": ","}]),
    st.sampled_from([None, None, ",", ";", "::", "blanks", "\u00a7"]),
)
@settings(some, max_examples=120)
def test_ratings(content, columns, csv, separator):
    given_separator = {} if separator is None else {"separator": separator}
    result_or_message(
        lambda folder: imported(folder, columns, csv | given_separator), {"ratings.csv": content}
    )


@given(any_file(FILMS), any_file(TAGS), any_file(USERS), st.sampled_from(["|", ",", " "]))
@settings(some, max_examples=60)
def test_descriptions_and_tags(films, tags, users, separator):
    csv = {
        "items": {
            "file": "films.csv",
            "item": "film",
            "title": "title",
            "year": "year",
            "genres": "kinds",
            "genres_separator": separator,
        },
        "tags": {"file": "tags.csv", "user": "user", "item": "film", "tag": "tag"},
        "users": {"file": "users.csv", "user": "user"},
    }
    files = {"ratings.csv": RATINGS, "films.csv": films, "tags.csv": tags, "users.csv": users}
    result_or_message(lambda folder: imported(folder, NAMED, csv), files)


@given(any_file(RATINGS, DATES, RATINGS.partition(b"\n")[2]), st.none() | any_file(FILMS))
@some
def test_the_first_configuration(ratings, films):
    def guessed(folder: Path) -> None:
        items = None if films is None else folder / "films.csv"
        found = initial_configuration(folder / "ratings.csv", items, "own")
        DatasetSettings.model_validate(found.dataset)
        overlay_text(found, "blendmf run")

    files = {"ratings.csv": ratings} | ({} if films is None else {"films.csv": films})
    result_or_message(guessed, files)


def parquet() -> bytes:
    buffer = io.BytesIO()
    pd.read_csv(io.BytesIO(RATINGS)).to_parquet(buffer)
    return buffer.getvalue()


@given(any_file(parquet()))
@some
def test_parquet(content):
    result_or_message(lambda folder: imported(folder, NAMED, {}), {"ratings.csv": content})


FORMS = {
    "recbole": {
        "x.inter": b"user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t2\t3\t4\n",
        "x.item": b"item_id:token\tmovie_title:token_seq\trelease_year:token\n2\tA\t1999\n",
        "x.user": b"user_id:token\tage:float\n1\t33\n",
    },
    "movielens-100k": {
        "u.data": b"1\t2\t3\t881250949\n2\t2\t4\t881250950\n",
        "u.item": b"2|Heat (1995)|01-Jan-1995||http://x|"
        + b"|".join([b"0"] * len(GENRES_100K))
        + b"\n",
        "u.user": b"1|24|M|technician|85711\n",
    },
    "movielens-dat": {
        "ratings.dat": b"1::2::3::978300760\n2::2::4::978300761\n",
        "movies.dat": b"2::Jumanji (1995)::Adventure|Children's\n",
        "users.dat": b"1::F::1::10::48067\n",
        "tags.dat": b"1::2::dark::978300760\n",
    },
    "movielens-csv": {
        "ratings.csv": b"userId,movieId,rating,timestamp\n1,2,3.5,4\n2,2,4.0,5\n",
        "movies.csv": b'movieId,title,genres\n2,"Heat, The (1995)",Action|Crime\n',
        "tags.csv": b"userId,movieId,tag,timestamp\n1,2,dark,4\n",
    },
    "triples": {"x.txt": b"1 2 3 4\n2 2 4 5\n"},
    "canonical": {"ratings.parquet": parquet()},
}


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
@some
def test_published_forms(form, data):
    files = {name: data.draw(any_file(content)) for name, content in FORMS[form].items()}
    result_or_message(lambda folder: READERS[form](folder), files)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/ratings.csv", RATINGS)
        archive.writestr("x/films.csv", FILMS)
    return buffer.getvalue()


@given(any_file(zipped(), *(tarred(RATINGS, kind) for kind in ("", "gz", "bz2", "xz"))))
@settings(some, max_examples=100)
def test_archives(content):
    """What is unpacked is right, because archives have checksums; tar alone has none."""

    def unpacked(folder: Path) -> None:
        (folder / "files").mkdir()
        unpack(folder / "a", [Layout("csv", {"ratings.csv": None})], folder / "files", 0.01)
        assert [path.name for path in (folder / "files").iterdir()] == ["ratings.csv"]

    result_or_message(unpacked, {"a": content})
    result_or_message(lambda folder: unpack_in_place(folder / "a", 0.01), {"a": content})
