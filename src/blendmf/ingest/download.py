"""Download of a data set's archive from its publisher, by pip or HTTP."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any

import pooch
import requests

from blendmf.common.files import file_digest
from blendmf.common.job_log import progress
from blendmf.ingest.catalogue import Download, Wheel

RETRIES = 2
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
PIP_SECONDS = 300.0
MIB, GIB = 2**20, 2**30
CHUNK = 2**14

RATE_SECONDS, LEAST_BYTES = 60.0, 60 * 2**10
"""A download ends if so many seconds bring fewer bytes."""

LONGEST_SECONDS = 12 * 3600.0
"""A download ends after so many seconds, however fast it is."""

CHECKSUM_GIB = 2**-14
"""Largest size of a file with a checksum: 64 KiB."""


class SourceError(Exception):
    """A source cannot provide the data; the message is the reason, and the next one is tried."""


def get_wheel(wheel: Wheel, folder: Path) -> Path:
    """Download a wheel with pip into an empty folder and check it.

    Raises
    ------
    SourceError
        If pip is missing, fails or takes too long, or if the checksum differs.
    """
    # fmt: off
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:",
        "--no-input", "--disable-pip-version-check", "--progress-bar=off",
        "--dest", str(folder), wheel.requirement,
    ]
    # fmt: on
    print(f"pip download {wheel.requirement}")
    try:
        done = subprocess.run(  # noqa: S603 - the requirement is from the catalogue
            command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"pip took more than {PIP_SECONDS:g} s") from error
    if done.returncode != 0:
        print(done.stderr)
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        raise SourceError((errors or lines or [f"pip ended with {done.returncode}"])[-1])
    (path,) = folder.glob("*.whl")
    if (found := file_digest(path)) != wheel.sha256:
        raise SourceError(f"sha256 of {path.name} is {found}, expected {wheel.sha256}")
    return path


def get_download(source: Download, folder: Path, max_gib: float) -> Path:
    """Download an archive of at most `max_gib` into a folder; check it if a checksum is known.

    Raises
    ------
    SourceError
        If it cannot be downloaded completely in ``1 + RETRIES`` attempts, if it is too large or too
        slow, or if the checksum differs.
    """
    checksum = source.checksum
    if checksum is None and source.checksum_url is not None:
        published = _download(source.checksum_url, folder, None, CHECKSUM_GIB)
        found = re.search(
            r"\b[0-9a-fA-F]{32}\b", published.read_text(encoding="utf-8", errors="replace")
        )
        if found is None:
            raise SourceError(f"{source.checksum_url} contains no md5 checksum")
        checksum = f"md5:{found.group().lower()}"
    return _download(source.url, folder, checksum, max_gib)


def _download(url: str, folder: Path, checksum: str | None, max_gib: float) -> Path:
    name = url.rsplit("/", 1)[-1]
    pooch.get_logger().setLevel("WARNING")
    registry = pooch.create(
        folder, base_url="", registry={name: checksum}, urls={name: url}, retry_if_failed=RETRIES
    )

    def stream(url: str, output_file: str, _pooch: Any) -> None:
        _stream(url, Path(output_file), max_gib * GIB)

    try:
        return Path(registry.fetch(name, downloader=stream))
    except (OSError, ValueError) as error:
        raise SourceError(str(error)) from error


def _stream(url: str, target: Path, most: float) -> None:
    """Write the content of an address to a file; pooch calls this for each attempt."""
    print(f"downloading {url}")
    received = 0
    try:
        with (
            _in_time(url, lambda: received),
            requests.get(
                url,
                stream=True,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                # The announced size is then that of the file.
                headers={"Accept-Encoding": "identity"},
            ) as response,
        ):
            if response.status_code in (requests.codes.forbidden, requests.codes.not_found):
                # pooch does not retry this kind of error.
                raise FileNotFoundError(f"{response.status_code} {response.reason}: {url}")
            response.raise_for_status()
            announced = response.headers.get("content-length", "")
            size = int(announced) if announced.isdecimal() else 0
            chunks = () if size > most else response.iter_content(CHUNK)
            with target.open("wb") as file:
                for chunk in progress(
                    chunks, f"16-KiB pieces of {url}", ceil(size / CHUNK) or None
                ):
                    received += len(chunk)
                    if received > most:
                        break
                    file.write(chunk)
            if max(size, received) > most:
                raise SourceError(
                    f"{url} has more than {most / MIB:,.2f} MiB; if that is expected, raise "
                    "dataset.max_unpacked_gib"
                )
    except OSError as error:
        print(f"download failed: {error}")
        raise


@contextmanager
def _in_time(url: str, received: Callable[[], int]) -> Iterator[None]:
    """End a block that receives too little in any minute, or takes too long.

    An alarm interrupts whatever waits, also for the first line of a reply; Python has alarms in the
    main thread of a process, in which jobs run.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before, end = 0, time.monotonic() + LONGEST_SECONDS

    def check(*_: object) -> None:
        nonlocal before
        if received() - before < LEAST_BYTES:
            rate = LEAST_BYTES / RATE_SECONDS / 2**10
            raise SourceError(f"{url} sends less than {rate:.2g} KiB per second")
        if time.monotonic() > end:
            raise SourceError(f"{url} takes more than {LONGEST_SECONDS / 3600:g} hours")
        before = received()

    replaced = signal.signal(signal.SIGALRM, check)
    signal.setitimer(signal.ITIMER_REAL, RATE_SECONDS, RATE_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, replaced)
