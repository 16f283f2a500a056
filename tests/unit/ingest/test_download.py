import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from blendmf.common.errors import UserError
from blendmf.ingest import download as sources
from blendmf.ingest.catalogue import KNOWN, DataSet, Download
from blendmf.ingest.fetch import fetch
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


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "results" / "tiny" / "data" / "raw"


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Callable[[DataSet], None]:
    return lambda data_set: monkeypatch.setitem(KNOWN, data_set.name, data_set)


@dataclass
class Answer:
    content: bytes = b""
    status: int = 200
    declared_length: int | None = None
    seconds: float = 0.0


@dataclass
class Server:
    """Answers to each path in turn, the last one again and again."""

    base: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)

    def offer(self, path: str, *answers: Answer) -> str:
        self.answers[path] = list(answers)
        return self.base + path


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requested.append(self.path)
            answers = state.answers.get(self.path, [Answer(status=404)])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            time.sleep(answer.seconds)
            self.send_response(answer.status)
            length = answer.declared_length or len(answer.content)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: Any) -> None:
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda _: None))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state = Server(f"http://127.0.0.1:{http.server_port}")
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield state
        http.shutdown()
        thread.join()


def test_a_download_gives_the_files_and_their_origin(
    server: Server, publish: Callable[[DataSet], None], target: Path
) -> None:
    url = server.offer("/tiny.zip", Answer(ARCHIVE))
    publish(known(Download(url, PLAIN, f"md5:{MD5}")))
    fetch(configured(), target, 1, {})
    assert_fetched(target)
    assert origin(target) == {
        "name": "tiny",
        "format": "movielens-csv",
        "origin": url,
        "retrieved_by": "download",
        "archive_sha256": hashlib.sha256(ARCHIVE).hexdigest(),
        "checksum_matches": True,
        "files": {
            "movies.csv": hashlib.sha256(MOVIES).hexdigest(),
            "ratings.csv": hashlib.sha256(RATINGS).hexdigest(),
        },
        "licence": "a licence",
        "citation": "a citation",
        "rating_range": [0.5, 5.0],
    }


def test_the_record_has_the_same_bytes_each_time(
    server: Server, publish: Callable[[DataSet], None], tmp_path: Path
) -> None:
    publish(known(Download(server.offer("/tiny.zip", Answer(ARCHIVE)), PLAIN)))
    for run in ("a", "b"):
        fetch(configured(), tmp_path / run, 1, {})
    records = [(tmp_path / run / "origin.json").read_bytes() for run in ("a", "b")]
    assert records[0] == records[1]
    assert origin(tmp_path / "a")["checksum_matches"] is None


def test_a_download_is_tried_again_after_a_failure(
    server: Server, publish: Callable[[DataSet], None], target: Path
) -> None:
    url = server.offer("/tiny.zip", Answer(status=503), Answer(ARCHIVE))
    publish(known(Download(url, PLAIN, f"md5:{MD5}")))
    fetch(configured(), target, 1, {})
    assert_fetched(target)
    assert server.requested == ["/tiny.zip"] * 2


def test_a_body_that_is_cut_short_never_counts_as_done(
    server: Server, publish: Callable[[DataSet], None], target: Path
) -> None:
    cut = Answer(ARCHIVE[:100], declared_length=len(ARCHIVE))
    url = server.offer("/tiny.zip", cut)
    publish(known(Download(url, PLAIN)))
    with pytest.raises(UserError, match="IncompleteRead"):
        fetch(configured(), target, 1, {})
    assert_nothing_left(target)
    server.offer("/tiny.zip", cut, Answer(ARCHIVE))
    fetch(configured(), target, 1, {})
    assert_fetched(target)


def test_a_wrong_checksum_fails_the_source_and_the_next_one_is_taken(
    server: Server,
    publish: Callable[[DataSet], None],
    target: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad = server.offer("/bad.zip", Answer(zipped(b"other\n")))
    good = server.offer("/good.zip", Answer(ARCHIVE))
    publish(known(Download(bad, PLAIN, f"md5:{MD5}"), Download(good, PLAIN, f"md5:{MD5}")))
    fetch(configured(), target, 1, {})
    assert_fetched(target)
    assert origin(target)["origin"] == good
    assert f"not taken from {bad}: MD5 hash of downloaded file (bad.zip)" in capsys.readouterr().out


def test_another_edition_behind_an_address_fails_the_source(
    server: Server, publish: Callable[[DataSet], None], target: Path
) -> None:
    url = server.offer("/tiny.zip", Answer(zipped(b"other\n")))
    publish(known(Download(url, CHECKED), layout=CHECKED))
    with pytest.raises(UserError, match=r"ratings\.csv in tiny\.zip differ from the known edition"):
        fetch(configured(), target, 1, {})
    assert_nothing_left(target)


def test_a_missing_page_is_not_asked_for_again_and_the_next_source_is_taken(
    server: Server, publish: Callable[[DataSet], None], target: Path
) -> None:
    good = server.offer("/good.zip", Answer(ARCHIVE))
    publish(known(Download(f"{server.base}/gone.zip", PLAIN), Download(good, PLAIN)))
    fetch(configured(), target, 1, {})
    assert_fetched(target)
    assert server.requested == ["/gone.zip", "/good.zip"]


def test_when_every_source_fails_each_is_told_with_its_reason_and_the_remedy(
    server: Server, publish: Callable[[DataSet], None], target: Path, tmp_path: Path
) -> None:
    (tmp_path / "tiny.zip").write_bytes(b"not a zip file")
    broken = server.offer("/broken.zip", Answer(b"<html>log in first</html>"))
    failing = server.offer("/failing.zip", Answer(status=500))
    gone = f"{server.base}/gone.zip"
    publish(known(*(Download(url, PLAIN) for url in (broken, failing, gone))))
    with pytest.raises(UserError) as failure:
        fetch(configured(), target, 1, {"BLENDMF_DATA": str(tmp_path)})
    message = str(failure.value)
    assert f"- {tmp_path / 'tiny.zip'}: tiny.zip is no zip or tar archive" in message
    assert f"- {broken}: broken.zip is no zip or tar archive" in message
    assert f"- {failing}: 500 Server Error" in message
    assert f"- {gone}: 404 Not Found" in message
    assert "dataset.path" in message
    assert f"BLENDMF_DATA names (now: {tmp_path})" in message
    assert_nothing_left(target)


def test_the_publishers_checksum_is_read_where_none_is_pinned(
    server: Server, publish: Callable[[DataSet], None], target: Path
) -> None:
    url = server.offer("/tiny.zip", Answer(ARCHIVE))
    checksum_url = server.offer("/tiny.zip.md5", Answer(f"MD5 (tiny.zip) = {MD5}\n".encode()))
    publish(known(Download(url, PLAIN, checksum_url=checksum_url)))
    fetch(configured(), target, 1, {})
    assert_fetched(target)
    assert origin(target)["checksum_matches"] is True


@pytest.mark.parametrize(
    ("published", "reason"), [("0" * 32, "does not match"), ("<html>", "contains no md5 checksum")]
)
def test_a_publishers_checksum_that_does_not_fit_fails_the_source(
    published: str,
    reason: str,
    server: Server,
    publish: Callable[[DataSet], None],
    target: Path,
) -> None:
    url = server.offer("/tiny.zip", Answer(ARCHIVE))
    checksum_url = server.offer("/tiny.zip.md5", Answer(published.encode()))
    publish(known(Download(url, PLAIN, checksum_url=checksum_url)))
    with pytest.raises(UserError, match=reason):
        fetch(configured(), target, 1, {})


def test_a_server_that_says_nothing_is_given_up(
    server: Server,
    publish: Callable[[DataSet], None],
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sources, "READ_SECONDS", 0.05)
    monkeypatch.setattr(sources, "RETRIES", 0)
    url = server.offer("/tiny.zip", Answer(ARCHIVE, seconds=0.5))
    publish(known(Download(url, PLAIN)))
    with pytest.raises(UserError, match="Read timed out"):
        fetch(configured(), target, 1, {})
    assert_nothing_left(target)
