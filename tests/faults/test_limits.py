"""Runs without space, memory or permission end with a message, and resume to the same bytes."""

import os
import resource
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from killing import unlocked
from project import Project, done
from same_results import comparable, written

MIB = 1 << 20
FIRST_SIZE, STEP, LAST_SIZE = MIB // 2, 2 * MIB // 5, 60 * MIB
"""Sizes of the disk: it is full at one rule after the other."""

MEMORY = [size * MIB for size in (300, 500, 700, 900, 1100, 1400)]
"""Limits of the address space of every process."""


@pytest.fixture
def disk(fresh: Project) -> Iterator[Project]:
    """The project with a small file system for its run."""
    assert os.geteuid() == 0, "only root can mount a small file system"
    mount(fresh.run, f"size={FIRST_SIZE}")
    yield fresh
    subprocess.run(["umount", "--lazy", fresh.run], check=True)


def mount(folder: Path, options: str) -> None:
    """Mount a file system in memory, or change its options."""
    kind = ["--types", "tmpfs"] if not folder.is_mount() else []
    command = ["mount", *kind, "--options", ("" if kind else "remount,") + options]
    mounted = done([*command, *(["tmpfs"] if kind else []), str(folder)])
    assert mounted.returncode == 0, f"no file system can be mounted: {mounted.stdout}"


def failure(project: Project, **how: object) -> str | None:
    """Output of a run that failed, without a traceback; None if it succeeded."""
    command = project.command("--cores", "1", "--rerun-incomplete", plain=False)
    ran = done(command, env=project.environment(), **how)
    assert "Traceback" not in ran.stdout, ran.stdout
    return ran.stdout if ran.returncode else None


def assert_equal(resumed: Project, undisturbed: Project) -> None:
    own, expected = written(resumed.run), written(undisturbed.run)
    assert set(own) == set(expected)
    assert [name for name in own if comparable(own[name]) != comparable(expected[name])] == []


def test_a_disk_that_is_full_at_one_rule_after_the_other(smoke: Project, disk: Project) -> None:
    size, failures = FIRST_SIZE, []
    while output := failure(disk):
        failures.append(output)
        assert "Free some disk space" in output, output
        size += STEP
        assert size < LAST_SIZE
        mount(disk.run, f"size={size}")
    assert len(failures) >= 15
    assert_equal(disk, smoke)


def test_a_folder_that_cannot_be_written(smoke: Project, disk: Project) -> None:
    mount(disk.run, f"size={LAST_SIZE},ro")
    output = failure(disk)
    assert output is not None
    assert "Read-only file system" in output
    assert "writable" in output
    mount(disk.run, f"size={LAST_SIZE},rw")
    assert failure(disk) is None
    assert_equal(disk, smoke)


def test_too_little_memory(smoke: Project, fresh: Project) -> None:
    failures = 0
    for limit in MEMORY:

        def limited(limit: int = limit) -> None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

        command = fresh.command("--cores", "1", "--rerun-incomplete", plain=False)
        ran = done(command, env=fresh.environment(), preexec_fn=limited)
        failures += ran.returncode != 0
        unlocked(fresh)
    assert failures >= 2
    assert failure(fresh) is None
    assert_equal(fresh, smoke)


def test_two_runs_at_once(smoke: Project, fresh: Project) -> None:
    command = fresh.command("--cores", "1", plain=False)
    with subprocess.Popen(
        command, env=fresh.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as first:
        locks = fresh.run / ".snakemake" / "locks"
        while not any(locks.glob("*")):
            time.sleep(0.1)
        second = failure(fresh)
        assert first.poll() is None
        assert second is not None
        assert "--unlock" in second
    assert failure(fresh) is None
    assert_equal(fresh, smoke)
