"""A run with all files in a storage; jobs work on temporary local copies."""

import re
import shutil
import zipfile
from pathlib import Path

import pytest
from project import Project, files_of
from same_results import comparable, written

OUTCOME = "results/synthetic/comparison/outcome.rst"


def stored_in(folder: Path) -> tuple[str, ...]:
    return ("--default-storage-provider", "fs", "--default-storage-prefix", str(folder))


def test_source_code_and_own_data_are_not_read_from_the_storage(
    fresh: Project, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "stars.csv").write_text(
        "user,item,rating\n" + "".join(f"u1,i{n},{1 + n % 5}\n" for n in range(9))
    )
    columns = {"file": "stars.csv", "user": "user", "item": "item", "rating": "rating"}
    dataset = {"name": "mine", "path": str(own), "rating_range": [1, 5]}
    changes = {"dataset": dataset | {"csv": {"ratings": columns}}}
    how = {"experiment": None, "changes": changes, "targets": ["results/mine/data/source.json"]}
    storage = stored_in(tmp_path / "store")
    printed = fresh.succeed("-n", "--verbose", *storage, **how)
    assert f"Not modifying path of file {own}/stars.csv, as it is local" in printed
    files = files_of(fresh.succeed("--filegraph", *storage, **how))
    stored = {file for file in files if f"{tmp_path}/store/results/" in file}
    assert {file.rpartition("/")[2] for file in stored} == {
        *("raw", "ratings.parquet", "items.parquet", "tags.parquet", "source.json"),
    }


@pytest.mark.slow
def test_a_run_in_a_storage_gives_the_same_results_as_a_local_run(
    smoke: Project, fresh: Project, tmp_path: Path
) -> None:
    assert shutil.which("rsync"), "the storage plugin copies with rsync; install it"
    store = stored_in(tmp_path / "store")
    fresh.succeed("--cores", "2", *store)
    stored, plain = written(tmp_path / "store"), written(smoke.run)
    assert len(plain) > 60
    assert set(stored) == set(plain)
    assert [name for name in plain if comparable(stored[name]) != comparable(plain[name])] == []
    assert not (fresh.run / "results").exists()
    assert "Nothing to be done" in fresh.succeed("--cores", "2", *store)

    archive = fresh.folder / "archive.zip"
    fresh.succeed("--report", str(archive), *store)
    with zipfile.ZipFile(archive) as opened:
        [name] = (name for name in opened.namelist() if re.search(r"data/.*/report\.html$", name))
        page = opened.read(name).decode()
    sentence = (smoke.run / OUTCOME).read_text(encoding="utf-8").partition("test RMSE ")[2][:6]
    assert f"test RMSE {sentence}" in page
