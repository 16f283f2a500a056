"""Reproduce a run from its manifest alone, with other threads and another job order."""

import shutil
import sys
from pathlib import Path

import pytest
from project import Project, environment, git, output
from same_results import comparable, written

from blendmf.common.files import read_json

MANIFEST = "results/synthetic/manifest.json"


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
def test_a_run_reproduced_from_its_manifest_is_byte_identical(
    smoke: Project, tmp_path: Path
) -> None:
    manifest = read_json(smoke.run / MANIFEST)
    assert manifest["git"]["dirty"] is False

    again = tmp_path / "elsewhere" / "again"
    git(tmp_path, "clone", "--quiet", smoke.code, again)
    first = "results/synthetic/models/svd/seed-1/model.npz"
    equip(
        again,
        "--cores",
        "3",
        "--set-threads",
        "train=3",
        "train_seeds=3",
        "search=2",
        "--prioritize",
        first,
    )
    (again / MANIFEST).parent.mkdir(parents=True)
    shutil.copy2(smoke.run / MANIFEST, again / MANIFEST)
    run(again, manifest["regenerate"])

    assert read_json(again / MANIFEST)["configuration_sha256"] == manifest["configuration_sha256"]
    assert read_json(again / MANIFEST)["sha256"] == manifest["sha256"]
    threads = [
        read_json(folder / MANIFEST)["machine"]["training_threads"] for folder in (smoke.run, again)
    ]
    assert threads == [[1], [1, 3]]
    assert order_of(smoke.run) != order_of(again)
    one, other = written(smoke.run), written(again)
    assert len(one) > 60
    assert set(one) == set(other)
    differing = [name for name in one if comparable(one[name]) != comparable(other[name])]
    assert differing == []
