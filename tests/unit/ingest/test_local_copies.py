from pathlib import Path
from typing import Any

import pytest

from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.local_copies import local_files, portable, portable_path

OWN = {"ratings": {"file": "stars.csv", "user": "u", "item": "i", "rating": "r"}}
IN_100K = ["ml-100k/ml-100k/u.data", "ml-100k/ml-100k/u.item"]


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create local copies in the working folder, which is also the home folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for file in (*IN_100K, "ml-100k/ml-100k/u1.base", "ml-1m.zip"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(file)
    (tmp_path / "films").mkdir()
    for file in ("stars.csv", "notes.txt", ".hidden"):
        (tmp_path / "films" / file).write_text(file)
    return tmp_path


@pytest.mark.usefixtures("copies")
@pytest.mark.parametrize(
    ("name", "path", "root", "csv", "files"),
    [
        ("ml-100k", None, ".", None, IN_100K),
        ("ml-100k", "ml-100k", None, None, IN_100K),
        ("ml-100k", "ml-1m.zip", ".", None, ["ml-1m.zip"]),
        ("ml-1m", None, ".", None, ["ml-1m.zip"]),
        ("films", "films", None, OWN, ["films/stars.csv"]),
        ("films", "films", None, None, ["films/notes.txt", "films/stars.csv"]),
        ("ml-100k", None, None, None, []),
        ("ml-100k", None, "", None, []),
        ("ml-100k", None, "nowhere", None, []),
        ("ml-100k", "nowhere", ".", None, []),
        ("ml-100k", "films", ".", None, []),
        ("ml-20m", None, ".", None, []),
        ("synthetic", "films", ".", None, []),
    ],
)
def test_local_files_that_would_be_read_are_listed(
    name: str, path: str | None, root: str | None, csv: Any, files: list[str]
) -> None:
    environment = {} if root is None else {"BLENDMF_DATA": root}
    assert local_files(DatasetSettings(name=name, path=path, csv=csv), environment) == files


def test_the_home_folder_may_be_abbreviated(copies: Path) -> None:
    dataset = DatasetSettings(name="ml-1m", path="~/ml-1m.zip")
    assert local_files(dataset, {}) == [str(copies / "ml-1m.zip")]


def test_a_path_may_name_an_environment_variable(copies: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("BLENDMF_DATA", str(copies))
    dataset = DatasetSettings(name="ml-1m", path="$BLENDMF_DATA/ml-1m.zip")
    assert local_files(dataset, {}) == [str(copies / "ml-1m.zip")]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("films", "films"),
        ("../films/2024", "../films/2024"),
        ("~/films", "films"),
        ("~/old/films.zip", "old/films.zip"),
        ("{parent}/films/", "films"),
        ("{home}/own/films", "own/films"),
        ("$HOME/films", "$HOME/films"),
        ("docker://python:3.11", "docker://python:3.11"),
    ],
)
def test_portable_paths_name_no_folder_of_the_machine(path: str, shown: str, copies: Path) -> None:
    given = path.format(home=copies, parent=copies.parent)
    assert portable_path(given) == shown


@pytest.mark.usefixtures("copies")
def test_a_portable_configuration_differs_in_its_paths_alone(monkeypatch: Any) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    search = {"warm_start": "/home/alice/ml-100k/search", "trials": 3}
    config = {"seed": 1, "dataset": {"name": "a", "path": "~/films"}, "search": search}
    assert portable(config) == {
        "seed": 1,
        "dataset": {"name": "a", "path": "films"},
        "search": {"warm_start": "search", "trials": 3},
    }
    assert config["search"] == search
    without = {"dataset": {"path": None}, "search": {"warm_start": None}}
    assert portable(without) == without
