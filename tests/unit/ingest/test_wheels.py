import hashlib
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from blendmf.common.errors import UserError
from blendmf.ingest import download as sources
from blendmf.ingest.catalogue import KNOWN, DataSet, Wheel
from blendmf.ingest.fetch import fetch
from tiny_data_set import (
    ARCHIVE,
    PLAIN,
    assert_fetched,
    assert_nothing_left,
    configured,
    known,
    origin,
)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "results" / "tiny" / "data" / "raw"


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Callable[[DataSet], None]:
    return lambda data_set: monkeypatch.setitem(KNOWN, data_set.name, data_set)


def make_wheel(folder: Path, data: bytes = ARCHIVE) -> Path:
    folder.mkdir(exist_ok=True)
    wheel = folder / "blendmf_tiny-1.0-py3-none-any.whl"
    wheel.write_bytes(data)
    with zipfile.ZipFile(wheel, "a") as archive:
        info = "blendmf_tiny-1.0.dist-info"
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: blendmf-tiny\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return tmp_path / "index"


def test_a_wheel_is_got_with_pip(
    index: Path, publish: Callable[[DataSet], None], target: Path
) -> None:
    sha256 = hashlib.sha256(make_wheel(index).read_bytes()).hexdigest()
    publish(known(Wheel("blendmf-tiny==1.0", sha256, PLAIN)))
    fetch(configured(), target, 1, {})
    assert_fetched(target)
    record = origin(target)
    assert (record["retrieved_by"], record["origin"]) == ("pip", "pip: blendmf-tiny==1.0")
    assert (record["archive_sha256"], record["checksum_matches"]) == (sha256, True)


def test_another_wheel_than_the_known_one_is_refused(
    index: Path, publish: Callable[[DataSet], None], target: Path
) -> None:
    make_wheel(index)
    publish(known(Wheel("blendmf-tiny==1.0", "0" * 64, PLAIN)))
    with pytest.raises(UserError, match=r"sha256 of blendmf_tiny-1\.0-py3-none-any\.whl is"):
        fetch(configured(), target, 1, {})
    assert_nothing_left(target)


def test_after_pip_fails_the_next_source_is_taken(
    index: Path,
    publish: Callable[[DataSet], None],
    target: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sha256 = hashlib.sha256(make_wheel(index).read_bytes()).hexdigest()
    absent = Wheel("blendmf-absent==1.0", sha256, PLAIN)
    publish(known(absent, Wheel("blendmf-tiny==1.0", sha256, PLAIN)))
    fetch(configured(), target, 1, {})
    assert_fetched(target)
    assert origin(target)["origin"] == "pip: blendmf-tiny==1.0"
    told = "not taken from pip: blendmf-absent==1.0: No matching distribution found"
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("pip", "reason"),
    [("echo 'No module named pip' >&2; exit 1", "No module named pip"), ("exec sleep 9", "0.2 s")],
)
def test_a_pip_that_is_missing_or_hangs_is_a_reason(
    pip: str,
    reason: str,
    publish: Callable[[DataSet], None],
    target: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{pip}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(sources, "PIP_SECONDS", 0.2)
    publish(known(Wheel("blendmf-tiny==1.0", "0" * 64, PLAIN)))
    with pytest.raises(UserError, match=f"pip: blendmf-tiny==1.0: .*{reason}"):
        fetch(configured(), target, 1, {})
