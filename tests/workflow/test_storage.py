"""A run with all files in S3; jobs work on temporary local copies. The server is a local one."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from project import Project, files_of
from same_results import comparable, written

FEW_MODELS = {
    "models": dict.fromkeys(("bayes-content", "mf-content", "popularity", "pure-svd")),
    "ablation": {"model": None},
}
OF_DATA_AND_MODELS = ("data", "split", "matrices", "content", "search", "models", "evaluation")
BUCKET = "ratings"


class Bucket:
    """A bucket of a local S3 server."""

    def __init__(self, address: str) -> None:
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
        self.client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", **keys)
        self.client.create_bucket(Bucket=BUCKET)
        self.options = (
            *("--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{BUCKET}"),
            *("--storage-s3-endpoint-url", address, "--storage-s3-region", "us-east-1"),
            *("--storage-s3-access-key", "key", "--storage-s3-secret-key", "secret"),
        )

    def downloaded(self, folder: Path) -> Path:
        """The folder with copies of all files of the bucket."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for found in page.get("Contents", []):
                (folder / found["Key"]).parent.mkdir(parents=True, exist_ok=True)
                self.client.download_file(BUCKET, found["Key"], str(folder / found["Key"]))
        return folder


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Bucket(f"http://{host}:{port}")
    server.stop()


def test_source_code_and_own_data_are_not_read_from_the_storage(
    fresh: Project, tmp_path: Path, bucket: Bucket
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
    storage = bucket.options
    printed = fresh.succeed("-n", "--verbose", *storage, **how)
    assert f"Not modifying path of file {own}/stars.csv, as it is local" in printed
    files = files_of(fresh.succeed("--filegraph", *storage, **how))
    stored = {file for file in files if f"{BUCKET}/results/" in file}
    assert {file.rpartition("/")[2] for file in stored} == {
        *(
            "raw",
            "ratings.parquet",
            "items.parquet",
            "tags.parquet",
            "users.parquet",
            "source.json",
        ),
    }


@pytest.mark.slow
def test_a_run_in_a_storage_gives_the_same_results_as_a_local_run(
    smoke: Project, fresh: Project, tmp_path: Path, bucket: Bucket
) -> None:
    """The run has fewer models than the local one; their files do not depend on the others."""
    few = {"changes": FEW_MODELS}
    fresh.succeed("--cores", "2", *bucket.options, **few)
    stored, plain = written(bucket.downloaded(tmp_path / "store")), written(smoke.run)
    same = [name for name in stored if name.split("/")[2] in OF_DATA_AND_MODELS]
    same = [name for name in same if not name.endswith("fitted-on.csv")]  # it lists the models
    same = [name for name in same if "/final/best/" not in name]  # another model may be the best
    assert len(same) > 30
    assert [name for name in same if comparable(stored[name]) != comparable(plain[name])] == []
    assert not (fresh.run / "results").exists()
    assert "Nothing to be done" in fresh.succeed("--cores", "2", *bucket.options, **few)

    archive = fresh.folder / "archive.zip"
    fresh.succeed("--report", str(archive), *bucket.options, **few)
    with zipfile.ZipFile(archive) as opened:
        [name] = (name for name in opened.namelist() if re.search(r"data/.*/report\.html$", name))
        page = opened.read(name).decode()
    assert "test RMSE" in page
