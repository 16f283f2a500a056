"""Download of a data set's archive from its publisher, by pip or HTTP."""

import re
import subprocess
import sys
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
MIB = 2**20


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


def get_download(source: Download, folder: Path) -> Path:
    """Download an archive into a folder and check it if a checksum is known.

    Raises
    ------
    SourceError
        If it cannot be downloaded completely in ``1 + RETRIES`` attempts, or if the checksum
        differs.
    """
    checksum = source.checksum
    if checksum is None and source.checksum_url is not None:
        published = _download(source.checksum_url, folder, None)
        found = re.search(
            r"\b[0-9a-fA-F]{32}\b", published.read_text(encoding="utf-8", errors="replace")
        )
        if found is None:
            raise SourceError(f"{source.checksum_url} contains no md5 checksum")
        checksum = f"md5:{found.group().lower()}"
    return _download(source.url, folder, checksum)


def _download(url: str, folder: Path, checksum: str | None) -> Path:
    name = url.rsplit("/", 1)[-1]
    pooch.get_logger().setLevel("WARNING")
    registry = pooch.create(
        folder, base_url="", registry={name: checksum}, urls={name: url}, retry_if_failed=RETRIES
    )
    try:
        return Path(registry.fetch(name, downloader=_stream))
    except (OSError, ValueError) as error:
        raise SourceError(str(error)) from error


def _stream(url: str, output_file: str, _pooch: Any) -> None:
    """Write the content of an address to a file; pooch calls this for each attempt."""
    print(f"downloading {url}")
    try:
        with requests.get(url, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)) as response:
            if response.status_code in (requests.codes.forbidden, requests.codes.not_found):
                # pooch does not retry this kind of error.
                raise FileNotFoundError(f"{response.status_code} {response.reason}: {url}")
            response.raise_for_status()
            size = int(response.headers.get("content-length", 0))
            chunks = response.iter_content(MIB)
            with Path(output_file).open("wb") as file:
                for chunk in progress(chunks, f"MiB of {url}", ceil(size / MIB) or None):
                    file.write(chunk)
    except OSError as error:
        print(f"download failed: {error}")
        raise
