"""One's own files: known by their contents, from any folder, and named without the machine's."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from project import Project

from blendmf.common.files import read_json

SOURCE = "results/mine/data/source.json"
RATINGS = "user,item,rating\n" + "".join(
    f"u{user},i{item},{1 + (user + item) % 5}\n" for user in range(8) for item in range(6)
)
OLDER = (0, 0)
ALL_LARGE = ("--max-checksum-file-size", "1")
"""Snakemake itself compares the contents of no file, as for large ones."""


def imported(folder: Path | str) -> dict[str, Any]:
    """Arguments of a run that imports ``ratings.csv`` in a folder."""
    columns = {"file": "ratings.csv", "user": "user", "item": "item", "rating": "rating"}
    dataset = {"name": "mine", "path": str(folder), "rating_range": [1, 5]}
    changes = {"dataset": dataset | {"csv": {"ratings": columns}}}
    return {"experiment": None, "changes": changes, "targets": [SOURCE]}


def move_older_file(target: Path, text: str) -> None:
    other = target.with_name("new.csv")
    other.write_text(text)
    os.utime(other, OLDER)
    other.rename(target)


def edit_keeping_the_time(target: Path, text: str) -> None:
    status = target.stat()
    target.write_text(text)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_only_other_contents_are_imported_whatever_their_time(
    fresh: Project, tmp_path: Path
) -> None:
    folder = tmp_path / "alice" / "films"
    folder.mkdir(parents=True)
    ratings = folder / "ratings.csv"
    ratings.write_text(RATINGS)
    assert "Importing mine" in run(fresh, folder)
    assert_no_folder_is_named(fresh, folder)
    os.utime(ratings)
    assert "Nothing to be done" in run(fresh, folder)
    for replace, text in (
        (move_older_file, RATINGS.replace("u1,i1,3", "u1,i1,5")),
        (edit_keeping_the_time, RATINGS.replace("u1,i1,3", "u1,i1,4")),
    ):
        replace(ratings, text)
        printed = run(fresh, folder)
        assert "Fetching mine" in printed
        assert "Importing mine" in printed
        assert "Nothing to be done" in run(fresh, folder)


def run(project: Project, folder: Path) -> str:
    return project.succeed("--cores", "1", *ALL_LARGE, **imported(folder))


def assert_no_folder_is_named(project: Project, films: Path) -> None:
    """Results must not have the folders of the machine above that of the data."""
    assert read_json(project.run / SOURCE)["origin"] == "films"
    facts = [path for path in (project.run / "results").rglob("*") if path.is_file()]
    naming = [path for path in facts if str(films.parent).encode() in path.read_bytes()]
    assert {path.parent.name for path in naming} <= {"logs"}


@pytest.mark.slow
def test_a_folder_may_have_braces(fresh: Project) -> None:
    name = "{a,b}/data{x}/{dataset}"
    for folder in (fresh.run / name, fresh.folder / name):
        folder.mkdir(parents=True)
        (folder / "ratings.csv").write_text(RATINGS)
    fresh.succeed("--cores", "1", **imported(name))
    shutil.rmtree(fresh.run / "results")
    how = imported(fresh.folder / name)
    fresh.succeed("--cores", "1", **how)
    move_older_file(fresh.folder / name / "ratings.csv", RATINGS + "u8,i1,5\n")
    assert set(fresh.pending(**how)) == {"fetch", "import_tables"}
