from pathlib import Path
from typing import Any

import pytest

from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.local_copies import local_files

OWN = {"ratings": {"file": "stars.csv", "user": "u", "item": "i", "rating": "r"}}


def files(name: str, path: str | None, environment: dict[str, str], csv: Any = None) -> list[str]:
    return local_files(DatasetSettings(name=name, path=path, csv=csv), environment)


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    for file in ("u.data", "u.item", "u1.base"):
        (tmp_path / "ml-100k" / "ml-100k" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ml-100k" / "ml-100k" / file).write_text(file)
    (tmp_path / "ml-1m.zip").write_text("zip")
    (tmp_path / "films").mkdir()
    for file in ("stars.csv", "notes.txt", ".hidden"):
        (tmp_path / "films" / file).write_text(file)
    return tmp_path


def test_the_files_that_would_be_read_are_listed(copies: Path) -> None:
    environment = {"BLENDMF_DATA": str(copies)}
    inner = copies / "ml-100k" / "ml-100k"
    read = [str(inner / "u.data"), str(inner / "u.item")]
    assert files("ml-100k", None, environment) == read
    assert files("ml-100k", str(copies / "ml-100k"), {}) == read
    assert files("ml-1m", None, environment) == [str(copies / "ml-1m.zip")]


def test_own_files_are_those_of_the_column_mapping_or_all_in_the_folder(copies: Path) -> None:
    films = copies / "films"
    assert files("films", str(films), {}, OWN) == [str(films / "stars.csv")]
    everything = [str(films / "notes.txt"), str(films / "stars.csv")]
    assert files("films", str(films), {}) == everything


def test_a_path_has_precedence_over_the_folder_of_local_copies(copies: Path) -> None:
    archive = str(copies / "ml-1m.zip")
    assert files("ml-100k", archive, {"BLENDMF_DATA": str(copies)}) == [archive]


@pytest.mark.parametrize(
    ("name", "path", "root"),
    [
        ("ml-100k", None, None),
        ("ml-100k", None, ""),
        ("ml-100k", None, "nowhere"),
        ("ml-100k", "nowhere", "."),
        ("ml-100k", "films", "."),
        ("ml-20m", None, "."),
        ("synthetic", "films", "."),
    ],
)
def test_without_a_local_copy_no_file_is_listed(
    name: str,
    path: str | None,
    root: str | None,
    copies: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(copies)
    assert files(name, path, {} if root is None else {"BLENDMF_DATA": root}) == []


def test_the_home_folder_may_be_abbreviated(copies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(copies))
    assert files("ml-1m", "~/ml-1m.zip", {}) == [str(copies / "ml-1m.zip")]
