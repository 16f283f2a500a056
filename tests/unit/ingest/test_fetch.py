import hashlib
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from blendmf.common.errors import UserError
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.catalogue import KNOWN, Download, Layout
from blendmf.ingest.fetch import fetch
from blendmf.ingest.synthetic import RATING_RANGE
from tiny_data_set import (
    ARCHIVE,
    CHECKED,
    MD5,
    MOVIES,
    PLAIN,
    RATINGS,
    assert_fetched,
    assert_nothing_left,
    configured,
    known,
    origin,
    zipped,
)

SYNTHETIC = {"users": 20, "items": 30, "ratings": 200, "latent_dim": 2, "terms": 5, "noise": 0.5}
OWN = {
    "ratings": {"file": "ratings.csv", "user": "u", "item": "i", "rating": "r"},
    "items": {"file": "movies.csv", "item": "i"},
}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "results" / "tiny" / "data" / "raw"


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN, "tiny", known())


def publish(monkeypatch: pytest.MonkeyPatch, layout: Layout, checksum: str | None = None) -> None:
    source = Download("http://127.0.0.1:9/tiny.zip", layout, checksum)
    monkeypatch.setitem(KNOWN, "tiny", known(source, layout=layout))


def make_folder(folder: Path, ratings: bytes = RATINGS) -> Path:
    folder.mkdir(parents=True)
    (folder / "ratings.csv").write_bytes(ratings)
    (folder / "movies.csv").write_bytes(MOVIES)
    (folder / "README.txt").write_text("read me")
    return folder


def make_archive(path: Path, content: bytes = ARCHIVE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_folder_given_as_path_is_copied_and_left_as_it_is(target: Path, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "mine")
    fetch(configured(path=str(folder)), target, 1, {})
    assert_fetched(target)
    assert len(list(folder.iterdir())) == 3
    record = origin(target)
    assert (record["retrieved_by"], record["origin"]) == ("local-folder", str(folder))
    assert (record["archive_sha256"], record["checksum_matches"]) == (None, None)


@pytest.mark.parametrize("below", ["", "tiny", "a/b"])
def test_the_files_may_lie_in_a_subfolder(below: str, target: Path, tmp_path: Path) -> None:
    make_folder(tmp_path / "mine" / below)
    fetch(configured(path=str(tmp_path / "mine")), target, 1, {})
    assert_fetched(target)


def test_copies_that_lie_deeper_and_hidden_ones_do_not_matter(target: Path, tmp_path: Path) -> None:
    make_folder(tmp_path / "mine" / "edition", RATINGS)
    make_folder(tmp_path / "mine" / "edition" / "old", b"old")
    make_folder(tmp_path / "mine" / ".checkpoints", b"hidden")
    fetch(configured(path=str(tmp_path / "mine")), target, 1, {})
    assert_fetched(target)


def test_a_zip_given_as_path_is_unpacked(target: Path, tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "mine.zip")
    fetch(configured(path=str(archive)), target, 1, {})
    assert_fetched(target)
    record = origin(target)
    assert record["retrieved_by"] == "local-archive"
    assert record["archive_sha256"] == hashlib.sha256(ARCHIVE).hexdigest()


def test_a_tar_archive_given_as_path_is_unpacked(target: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "mine.tar.gz", "w:gz") as archive:
        archive.add(make_folder(tmp_path / "mine"), "mine")
    fetch(configured(path=str(tmp_path / "mine.tar.gz")), target, 1, {})
    assert_fetched(target)


def test_a_path_that_does_not_exist_is_told_and_nothing_else_is_tried(
    target: Path, tmp_path: Path
) -> None:
    make_folder(tmp_path / "tiny")
    with pytest.raises(UserError, match=r"dataset\.path: .*nowhere does not exist"):
        fetch(configured(path="nowhere"), target, 1, {"BLENDMF_DATA": str(tmp_path)})
    assert_nothing_left(target)


def test_a_path_without_the_files_names_what_it_lacks(target: Path, tmp_path: Path) -> None:
    (make_folder(tmp_path / "mine") / "movies.csv").unlink()
    with pytest.raises(UserError, match=r"dataset\.path: .*mine: the folder lacks movies\.csv"):
        fetch(configured(path=str(tmp_path / "mine")), target, 1, {})
    assert_nothing_left(target)


def test_a_dangerous_archive_leaves_nothing(target: Path, tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "mine.zip")
    with zipfile.ZipFile(archive, "a") as zip_file:
        zip_file.writestr("../../evil.csv", "evil")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match=r"evil\.csv"):
        fetch(configured(path=str(archive)), target, 1, {})
    assert [p for p in sorted(tmp_path.rglob("*")) if p.is_file()] == [
        p for p in before if p.is_file()
    ]


def test_an_archive_beyond_the_size_limit_leaves_nothing(target: Path, tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "mine.zip", zipped(bytes(3000)))
    fetch(configured(path=str(archive), max_unpacked_gib=4000 / 2**30), target, 1, {})
    with pytest.raises(UserError, match="max_unpacked_gib"):
        fetch(configured(path=str(archive), max_unpacked_gib=2000 / 2**30), target, 1, {})
    assert_fetched(target, bytes(3000))


def test_the_folder_of_local_copies_is_asked_before_the_sources(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, PLAIN)
    archive = make_archive(tmp_path / "copies" / "tiny.zip")
    environment = {"BLENDMF_DATA": str(tmp_path / "copies")}
    fetch(configured(), target, 1, environment)
    assert origin(target)["origin"] == str(archive)
    folder = make_folder(tmp_path / "copies" / "tiny")
    fetch(configured(), target, 1, environment)
    assert origin(target)["origin"] == str(folder)


def test_an_incomplete_copy_is_told_and_the_next_one_taken(
    target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_folder(tmp_path / "tiny")
    (folder / "movies.csv").unlink()
    archive = make_archive(tmp_path / "tiny.zip")
    fetch(configured(), target, 1, {"BLENDMF_DATA": str(tmp_path)})
    assert_fetched(target)
    assert origin(target)["origin"] == str(archive)
    assert f"not taken from {folder}: the folder lacks movies.csv" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["folder", "archive"])
@pytest.mark.parametrize(("ratings", "matches"), [(RATINGS, True), (b"another edition", False)])
def test_another_edition_of_a_local_copy_is_told_and_recorded_but_used(
    ratings: bytes,
    matches: bool,
    kind: str,
    target: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish(monkeypatch, CHECKED)
    if kind == "folder":
        path = make_folder(tmp_path / "mine", ratings)
    else:
        path = make_archive(tmp_path / "mine.zip", zipped(ratings))
    fetch(configured(path=str(path)), target, 1, {})
    assert_fetched(target, ratings)
    assert origin(target)["checksum_matches"] is matches
    assert ("is not the known edition" in capsys.readouterr().out) is not matches


@pytest.mark.parametrize(
    ("checksum", "matches"), [(f"md5:{MD5}", True), ("md5:" + "0" * 32, False)]
)
def test_a_local_archive_is_compared_with_the_published_one(
    checksum: str,
    matches: bool,
    target: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(monkeypatch, PLAIN, checksum)
    archive = make_archive(tmp_path / "mine.zip")
    fetch(configured(path=str(archive)), target, 1, {})
    assert origin(target)["checksum_matches"] is matches


def test_own_files_need_no_entry_in_the_catalogue(target: Path, tmp_path: Path) -> None:
    make_folder(tmp_path / "films")
    dataset = configured(name="films", csv=OWN)
    fetch(dataset, target, 1, {"BLENDMF_DATA": str(tmp_path)})
    assert_fetched(target)
    assert (origin(target)["format"], origin(target)["rating_range"]) == ("csv", None)


def test_own_files_that_are_nowhere_are_told_by_name(target: Path) -> None:
    with pytest.raises(UserError) as failure:
        fetch(configured(name="films", csv=OWN), target, 1, {})
    assert "(ratings.csv, movies.csv)" in str(failure.value)
    assert "dataset.path" in str(failure.value)


def synthetic(**changes: Any) -> DatasetSettings:
    return configured(name="synthetic", synthetic=SYNTHETIC, **changes)


def test_synthetic_data_are_generated_from_the_seed(tmp_path: Path) -> None:
    for seed, folder in ((1, "a"), (1, "b"), (2, "c")):
        fetch(synthetic(), tmp_path / folder, seed, {"BLENDMF_DATA": str(tmp_path)})
    a, b, c = (origin(tmp_path / folder) for folder in "abc")
    assert a == b
    assert a["files"]["ratings.parquet"] != c["files"]["ratings.parquet"]
    assert set(a["files"]) == {"ratings.parquet", "items.parquet", "tags.parquet", "truth.npz"}
    assert (a["format"], a["retrieved_by"]) == ("canonical", "generated")
    assert a["rating_range"] == list(RATING_RANGE)


def test_a_path_for_synthetic_data_is_refused(target: Path) -> None:
    with pytest.raises(UserError, match=r"dataset\.path: .* is generated"):
        fetch(synthetic(path="somewhere"), target, 1, {})


def test_what_a_killed_run_left_is_cleared(target: Path, tmp_path: Path) -> None:
    left = target.with_name(".raw.part") / "files"
    left.mkdir(parents=True)
    (left / "half.csv").write_text("half")
    fetch(configured(path=str(make_folder(tmp_path / "mine"))), target, 1, {})
    assert_fetched(target)


def test_an_interrupted_run_leaves_nothing(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        assert (target.with_name(".raw.part") / "files" / "ratings.csv").exists()
        raise KeyboardInterrupt

    monkeypatch.setattr("blendmf.ingest.fetch.write_json", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(configured(path=str(make_folder(tmp_path / "mine"))), target, 1, {})
    assert_nothing_left(target)


def test_a_folder_of_an_earlier_run_is_replaced(target: Path, tmp_path: Path) -> None:
    target.mkdir(parents=True)
    (target / "old.csv").write_text("old")
    fetch(configured(path=str(make_folder(tmp_path / "mine"))), target, 1, {})
    assert_fetched(target)
