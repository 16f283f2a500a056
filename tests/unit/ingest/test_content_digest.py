import json
import os
import shutil
from pathlib import Path

import pytest

from blendmf.ingest import content_digest as module
from blendmf.ingest.content_digest import content_digest

LONG_AGO = (0, 0)


class Data:
    """Two files of one's own, and how often any file was read."""

    def __init__(self, folder: Path, remembered: Path) -> None:
        self.folder, self.remembered = folder, remembered
        self.reads = 0

    def files(self) -> list[str]:
        return [str(path) for path in self.folder.iterdir()]

    def digest(self) -> str | None:
        return content_digest(self.files(), self.remembered)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Data:
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "ratings.csv").write_text("1,2,3\n")
    (folder / "films.csv").write_text("2,Heat\n")
    found = Data(folder, tmp_path / ".snakemake" / "own-files.json")
    read = module.file_digest

    def counted(path: Path) -> str:
        found.reads += 1
        return read(path)

    monkeypatch.setattr(module, "file_digest", counted)
    monkeypatch.setattr(module, "SETTLED_SECONDS", -60.0)
    return found


def replaced(file: Path, text: str, times: tuple[int, int]) -> None:
    """Move another file to the place of one, with its own older time."""
    other = file.with_name("other")
    other.write_text(text)
    os.utime(other, ns=times)
    other.rename(file)


def test_without_files_there_is_no_digest_and_nothing_is_remembered(data: Data) -> None:
    assert content_digest([], data.remembered) is None
    assert not data.remembered.exists()


def test_unchanged_files_are_read_once(data: Data) -> None:
    first = data.digest()
    assert data.reads == 2
    assert data.digest() == first
    assert content_digest(reversed(data.files()), data.remembered) == first
    assert data.reads == 2


@pytest.mark.parametrize("text", ["1,2,4\n", "1,2,3\n1,3,5\n"], ids=["same size", "longer"])
def test_a_file_replaced_by_an_older_one_changes_the_digest(text: str, data: Data) -> None:
    before = data.digest()
    replaced(data.folder / "ratings.csv", text, LONG_AGO)
    assert data.digest() != before
    replaced(data.folder / "ratings.csv", "1,2,3\n", LONG_AGO)
    assert data.digest() == before


def test_an_edit_with_size_and_time_of_before_changes_the_digest(data: Data) -> None:
    file = data.folder / "ratings.csv"
    before, status = data.digest(), file.stat()
    file.write_text("1,2,4\n")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file.stat().st_mtime_ns == status.st_mtime_ns
    assert data.digest() != before


def test_touched_and_copied_files_have_the_same_digest(data: Data, tmp_path: Path) -> None:
    before = data.digest()
    os.utime(data.folder / "ratings.csv")
    assert data.digest() == before
    assert data.reads == 3
    shutil.copytree(data.folder, tmp_path / "copy")
    data.folder = tmp_path / "copy"
    assert data.digest() == before


def test_names_count_as_well_as_contents(data: Data) -> None:
    digests = [data.digest()]
    (data.folder / "films.csv").rename(data.folder / "movies.csv")
    digests.append(data.digest())
    (data.folder / "tags.csv").touch()
    digests.append(data.digest())
    (data.folder / "movies.csv").unlink()
    digests.append(data.digest())
    assert len(set(digests)) == 4


def test_a_file_that_has_just_changed_is_read_again(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLED_SECONDS", 60.0)
    assert data.digest() == data.digest()
    assert data.reads == 4


@pytest.mark.parametrize("content", ["", "[1]", '{"x": 1}', "{"])
def test_an_unreadable_memory_is_replaced(content: str, data: Data) -> None:
    first = data.digest()
    data.remembered.write_text(content)
    assert data.digest() == first
    assert set(json.loads(data.remembered.read_text())) == set(data.files())


def test_a_memory_that_cannot_be_written_is_no_error(data: Data) -> None:
    data.remembered.parent.write_text("a file, not a folder")
    assert data.digest() == data.digest()
    assert data.reads == 4


def test_files_that_no_longer_exist_are_forgotten(data: Data) -> None:
    data.digest()
    (data.folder / "films.csv").unlink()
    (data.folder / "ratings.csv").write_text("1,2,5\n")
    data.digest()
    assert set(json.loads(data.remembered.read_text())) == set(data.files())
