"""Reproduce a run from its manifest alone, with other threads and another job order."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project import COPIED, SMOKE, copied, environment, output
from same_results import comparable, written

from blendmf.common.files import read_json

MANIFEST = "results/synthetic/manifest.json"
COMMITTED = (
    *(*COPIED, "Makefile", "pyproject.toml", "requirements.txt", "constraints.txt"),
    *("results/README.md", ".gitignore"),
)


def git(folder: Path, *arguments: str | Path) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def committed(folder: Path) -> Path:
    """The current project in a separate repository with one commit."""
    copied(COMMITTED, folder)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "The project")
    return folder


def equip(folder: Path, *options: str) -> None:
    """Let make find the test environment, with these options added to snakemake."""
    binaries = folder / ".venv/bin"
    binaries.mkdir(parents=True)
    (binaries / "python").symlink_to(sys.executable)
    snakemake = binaries / "snakemake"
    command = [sys.executable, "-m", "snakemake", *options]
    snakemake.write_text(f'#!/bin/sh\nexec {" ".join(command)} "$@"\n')
    snakemake.chmod(0o755)
    (folder / ".venv/run").touch()


def run(folder: Path, command: str) -> None:
    output(["sh", "-c", command], cwd=folder, env=environment(folder))


def order_of(folder: Path) -> list[str]:
    """Logs of the run's jobs in order of completion."""
    logs = folder.glob("results/synthetic/logs/**/*.log")
    ended = sorted(logs, key=lambda path: path.stat().st_mtime_ns)
    return [path.relative_to(folder).as_posix() for path in ended]


@pytest.mark.slow
def test_a_run_reproduced_from_its_manifest_is_byte_identical(tmp_path: Path) -> None:
    first = committed(tmp_path / "first")
    equip(first, "--cores", "3", "--set-threads", "train=3", "search=2")
    run(first, f'make report ARGS="--configfile {SMOKE}"')
    manifest = read_json(first / MANIFEST)
    assert manifest["git"]["dirty"] is False

    again = tmp_path / "elsewhere" / "again"
    git(tmp_path, "clone", "--quiet", first, again)
    equip(again, "--cores", "1", "--prioritize", "results/synthetic/models/svd/seed-1/model.npz")
    (again / MANIFEST).parent.mkdir(parents=True)
    shutil.copy2(first / MANIFEST, again / MANIFEST)
    run(again, manifest["regenerate"])

    assert read_json(again / MANIFEST)["configuration_sha256"] == manifest["configuration_sha256"]
    assert read_json(again / MANIFEST)["sha256"] == manifest["sha256"]
    threads = [
        read_json(folder / MANIFEST)["machine"]["training_threads"] for folder in (first, again)
    ]
    assert threads == [[1, 3], [1]]
    assert order_of(first) != order_of(again)
    one, other = written(first), written(again)
    assert len(one) > 60
    assert set(one) == set(other)
    differing = [name for name in one if comparable(one[name]) != comparable(other[name])]
    assert differing == []
