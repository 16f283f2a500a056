"""A data set of two small files, its archive, and checks of the fetched folder."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.catalogue import DataSet, Download, Layout, Wheel

RATINGS = b"userId,movieId,rating,timestamp\n1,2,3.5,4\n"
MOVIES = b"movieId,title,genres\n2,Film (1999),Drama\n"
PLAIN = Layout("movielens-csv", {"ratings.csv": None, "movies.csv": None})
CHECKED = Layout(
    "movielens-csv",
    {"ratings.csv": hashlib.sha256(RATINGS).hexdigest(), "movies.csv": None},
)


def zipped(ratings: bytes = RATINGS, folder: str = "tiny/") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"{folder}ratings.csv"), ratings)
        archive.writestr(zipfile.ZipInfo(f"{folder}movies.csv"), MOVIES)
        archive.writestr(zipfile.ZipInfo(f"{folder}README.txt"), "read me")
    return buffer.getvalue()


ARCHIVE = zipped()
MD5 = hashlib.md5(ARCHIVE, usedforsecurity=False).hexdigest()
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


def known(*sources: Wheel | Download, layout: Layout = PLAIN) -> DataSet:
    return DataSet("tiny", (0.5, 5.0), "a licence", "a citation", (layout,), sources)


def configured(**changes: Any) -> DatasetSettings:
    return DatasetSettings(**{"name": "tiny", "max_unpacked_gib": 1, **changes})


def origin(target: Path) -> dict[str, Any]:
    return json.loads((target / "origin.json").read_text())


def assert_fetched(target: Path, ratings: bytes = RATINGS) -> None:
    assert sorted(p.name for p in target.iterdir()) == ["movies.csv", "origin.json", "ratings.csv"]
    assert (target / "ratings.csv").read_bytes() == ratings
    assert (target / "movies.csv").read_bytes() == MOVIES
    assert [p.name for p in target.parent.iterdir()] == ["raw"]


def assert_nothing_left(target: Path) -> None:
    assert not target.parent.exists() or not list(target.parent.iterdir())
