import hashlib
import tarfile
from pathlib import Path
from typing import Any

import pytest

from blendmf.common.errors import UserError
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.catalogue import Download
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
    origin,
    zipped,
)

SYNTHETIC = {"users": 20, "items": 30, "ratings": 200, "latent_dim": 2, "terms": 5, "noise": 0.5}
OWN = {
    "ratings": {"file": "ratings.csv", "user": "u", "item": "i", "rating": "r"},
    "items": {"file": "movies.csv", "item": "i"},
}
UNREACHABLE = "http://127.0.0.1:9/tiny.zip"


def make_folder(folder: Path, ratings: bytes = RATINGS) -> Path:
    folder.mkdir(parents=True)
    (folder / "ratings.csv").write_bytes(ratings)
    (folder / "movies.csv").write_bytes(MOVIES)
    (folder / "README.txt").write_text("read me")
    return folder


def make_archive(path: Path, content: bytes = ARCHIVE) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["mine", "mine.zip", "mine.tar.gz"])
def test_a_local_folder_or_archive_is_used_without_modification(name, fetched, target, tmp_path):
    folder, path = make_folder(tmp_path / "mine"), tmp_path / name
    make_archive(tmp_path / "mine.zip")
    with tarfile.open(tmp_path / "mine.tar.gz", "w:gz") as archive:
        archive.add(folder, "mine")
    record = fetched(path=str(path))
    assert_fetched(target)
    assert len(list(folder.iterdir())) == 3
    sha256 = None if path == folder else hashlib.sha256(path.read_bytes()).hexdigest()
    by = "local-folder" if path == folder else "local-archive"
    assert (record["retrieved_by"], record["origin"]) == (by, name)
    assert (record["archive_sha256"], record["checksum_matches"]) == (sha256, None)


@pytest.mark.parametrize("below", ["", "tiny", "a/b"])
def test_the_shallowest_files_are_used_and_hidden_files_ignored(below, fetched, target, tmp_path):
    folder = make_folder(tmp_path / "mine" / below)
    make_folder(folder / "old", b"old")
    make_folder(tmp_path / "mine" / ".checkpoints", b"hidden")
    fetched(path=str(tmp_path / "mine"))
    assert_fetched(target)


@pytest.mark.parametrize(
    ("path", "message"),
    [("nowhere", "nowhere does not exist"), ("mine", r"mine: the folder lacks movies\.csv")],
)
def test_a_wrong_path_is_an_error_without_fallback(path, message, fetched, target, tmp_path):
    make_folder(tmp_path / "tiny")
    (make_folder(tmp_path / "mine") / "movies.csv").unlink()
    with pytest.raises(UserError, match=rf"dataset\.path: .*{message}"):
        fetched(path=str(tmp_path / path), copies=tmp_path)
    assert_nothing_left(target)


def test_an_archive_beyond_the_size_limit_is_refused(fetched, target, tmp_path):
    archive = make_archive(tmp_path / "mine.zip", zipped(bytes(3000)))
    fetched(path=str(archive), max_unpacked_gib=4000 / 2**30)
    with pytest.raises(UserError, match="max_unpacked_gib"):
        fetched(path=str(archive), max_unpacked_gib=2000 / 2**30)
    assert_fetched(target, bytes(3000))


def test_local_copies_are_tried_in_order_before_the_sources(fetched, target, tmp_path, capsys):
    make_archive(tmp_path / "tiny.zip")
    source = Download(UNREACHABLE, PLAIN)
    assert fetched(source, copies=tmp_path)["origin"] == "tiny.zip"
    folder = make_folder(tmp_path / "tiny")
    assert fetched(source, copies=tmp_path)["origin"] == "tiny"
    (folder / "movies.csv").unlink()
    assert fetched(source, copies=tmp_path)["origin"] == "tiny.zip"
    assert_fetched(target)
    assert f"not taken from {folder}: the folder lacks movies.csv" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "layout"), [("mine", CHECKED), ("mine.zip", CHECKED), ("mine.zip", PLAIN)]
)
@pytest.mark.parametrize(("ratings", "matches"), [(RATINGS, True), (b"another edition", False)])
def test_a_local_copy_with_another_checksum_is_used_with_a_warning(
    ratings, matches, name, layout, fetched, target, tmp_path, capsys
):
    make_folder(tmp_path / "mine", ratings)
    make_archive(tmp_path / "mine.zip", zipped(ratings))
    source = Download(UNREACHABLE, layout, None if layout == CHECKED else f"md5:{MD5}")
    record = fetched(source, layout=layout, path=str(tmp_path / name))
    assert_fetched(target, ratings)
    assert record["checksum_matches"] is matches
    assert ("is not the known edition" in capsys.readouterr().out) is not matches


def test_own_files_do_not_need_a_catalogue_entry(fetched, target, tmp_path):
    with pytest.raises(UserError, match=r"\(ratings\.csv, movies\.csv\).*dataset\.path"):
        fetched(name="films", csv=OWN)
    make_folder(tmp_path / "films")
    record = fetched(name="films", csv=OWN, copies=tmp_path)
    assert_fetched(target)
    assert (record["format"], record["rating_range"]) == ("csv", None)


def synthetic(**changes: Any) -> DatasetSettings:
    return configured(name="synthetic", synthetic=SYNTHETIC, **changes)


def test_synthetic_data_are_generated_from_the_seed(tmp_path):
    for seed, folder in ((1, "a"), (1, "b"), (2, "c")):
        fetch(synthetic(), tmp_path / folder, seed, {"BLENDMF_DATA": str(tmp_path)})
    a, b, c = (origin(tmp_path / folder) for folder in "abc")
    assert a == b
    assert a["files"]["ratings.parquet"] != c["files"]["ratings.parquet"]
    assert set(a["files"]) == {"ratings.parquet", "items.parquet", "tags.parquet", "truth.npz"}
    assert (a["format"], a["retrieved_by"]) == ("canonical", "generated")
    assert a["rating_range"] == list(RATING_RANGE)


def test_a_path_for_synthetic_data_is_refused(target):
    with pytest.raises(UserError, match=r"dataset\.path: .* is generated"):
        fetch(synthetic(path="somewhere"), target, 1, {})


def test_files_from_earlier_and_killed_runs_are_replaced(fetched, target, tmp_path):
    for folder in (target, target.with_name(".raw.part") / "files"):
        folder.mkdir(parents=True)
        (folder / "old.csv").write_text("old")
    fetched(path=str(make_folder(tmp_path / "mine")))
    assert_fetched(target)


def test_an_interrupted_run_leaves_no_files(fetched, target, tmp_path, monkeypatch):
    def interrupted(*_: Any) -> None:
        assert (target.with_name(".raw.part") / "files" / "ratings.csv").exists()
        raise KeyboardInterrupt

    monkeypatch.setattr("blendmf.ingest.fetch.write_json", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetched(path=str(make_folder(tmp_path / "mine")))
    assert_nothing_left(target)
