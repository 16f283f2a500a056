"""Servers that are endless, slow or lie: each download ends soon, with its reason."""

import gzip
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest

from blendmf.common.errors import UserError
from blendmf.ingest import download
from blendmf.ingest.catalogue import Download
from tiny_data_set import ARCHIVE, MD5, PLAIN, assert_fetched, assert_nothing_left

Serve = Callable[[Iterable[bytes]], str]
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n"


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Address of a server that sends pieces of bytes to each client, and then closes."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "RETRIES", 0)
    monkeypatch.setattr(download, "CHUNK", 1000)
    listening = socket.create_server(("127.0.0.1", 0))
    sent: list[Iterable[bytes]] = []
    ended = threading.Event()

    def reply() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(1 << 16)
                try:
                    for piece in sent[0]:
                        connection.sendall(piece)
                        if ended.is_set():
                            return
                except OSError:
                    continue

    thread = threading.Thread(target=reply)
    thread.start()

    def address(pieces: Iterable[bytes]) -> str:
        sent.append(pieces)
        return f"http://127.0.0.1:{listening.getsockname()[1]}/tiny.zip"

    yield address
    ended.set()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def slowly(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        time.sleep(0.02)
        yield piece


def endless(piece: bytes = b"x" * 1000) -> Iterator[bytes]:
    return itertools.repeat(piece)


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        (itertools.chain([OK], slowly(endless(b"x"))), "less than"),
        (itertools.chain([OK, b"X: "], slowly(endless(b"x"))), "less than"),
        (itertools.chain([OK, LENGTH % 10**6], slowly(endless(b"x"))), "less than"),
        (itertools.chain([OK, LENGTH % 10**6], slowly(endless())), "takes more than"),
        (slowly(endless(b"H")), "less than|BadStatusLine|got more than"),
        (itertools.chain([OK, b"\r\n"], endless()), "has more than 0.98 MiB"),
        (
            itertools.chain(
                [OK, b"Transfer-Encoding: chunked\r\n\r\n"],
                endless(b"3e8\r\n" + b"x" * 1000 + b"\r\n"),
            ),
            "has more than 0.98 MiB",
        ),
        ([OK, LENGTH % 10**15, b"x"], "has more than 0.98 MiB"),
        (itertools.chain([OK], endless(b"X: x\r\n")), "got more than 100 headers"),
        ([OK, LENGTH % 10**5, b"x" * 10**4], "IncompleteRead"),
        ([OK, b"Content-Length: -5\r\n\r\n", b"x"], "no zip or tar archive"),
        ([OK, b"Content-Length: abc\r\n\r\n", b"x"], "no zip or tar archive"),
        ([OK, b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", b"xx"], "."),
        ([OK, b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\n"], "."),
        ([OK, b"Content-Encoding: gzip\r\n\r\n", b"no gzip"], "."),
        ([OK, b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"\0" * 10**7)], "has more than"),
        ([b"HTTP/1.1 302 Found\r\nLocation: /tiny.zip\r\n\r\n"], "redirects"),
        ([b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n"], "No connection adapters"),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], "no zip or tar archive"),
        ([b"\0\xff\r\n"], "."),
        ([b""], "."),
    ],
)
def test_odd_servers_end_with_a_reason(pieces, reason, serve, fetched, target, monkeypatch):
    monkeypatch.setattr(download, "RATE_SECONDS", 0.2)
    monkeypatch.setattr(download, "LEAST_BYTES", 1000)
    if reason == "takes more than":
        monkeypatch.setattr(download, "LONGEST_SECONDS", 0.5)
    start = time.monotonic()
    with pytest.raises(UserError, match=reason):
        fetched(Download(serve(pieces), PLAIN), max_unpacked_gib=1000 / 2**20)
    assert time.monotonic() - start < 10
    assert_nothing_left(target)


def test_a_slow_but_steady_server_is_waited_for(serve, fetched, target, monkeypatch):
    monkeypatch.setattr(download, "CHUNK", 16)
    monkeypatch.setattr(download, "RATE_SECONDS", 0.5)
    monkeypatch.setattr(download, "LEAST_BYTES", 10)
    pieces = [ARCHIVE[n : n + 40] for n in range(0, len(ARCHIVE), 40)]
    url = serve(itertools.chain([OK, LENGTH % len(ARCHIVE)], slowly(pieces)))
    fetched(Download(url, PLAIN, f"md5:{MD5}"))
    assert_fetched(target)


def test_an_endless_file_with_a_checksum_is_refused(serve, fetched, target):
    url = serve(itertools.chain([OK, b"\r\n"], endless()))
    with pytest.raises(UserError, match=r"has more than 0\.06 MiB"):
        fetched(Download(url, PLAIN, checksum_url=url))
    assert_nothing_left(target)
