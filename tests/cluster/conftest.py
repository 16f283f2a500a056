import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import Project
from runs import SHORTER, ThroughSlurm
from slurm import Slurm, obstacle, started


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    """A real Slurm, started once and stopped when all tests are done."""
    if reason := obstacle():
        pytest.exit(reason, returncode=1)
    # Whoever terminates the tests stops Slurm with them, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with started(tmp_path_factory.mktemp("slurm")) as slurm:
        yield slurm


@pytest.fixture(scope="session")
def smoke_runs(
    slurm: Slurm, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, ThroughSlurm]:
    """The smoke experiment without Slurm and, at the same time, through it in two shards."""
    folder = tmp_path_factory.mktemp("smoke")
    local = Project.created(folder / "local")
    run = ThroughSlurm.created(folder / "slurm", slurm)
    report = str(run.project.run / "report.html")
    with run.running("--report", report, "--report-after-run") as process:
        local.succeed("--cores", "1", changes=SHORTER)
    assert process.returncode == 0, run.output
    return local, run


@pytest.fixture(scope="session")
def local(smoke_runs: tuple[Project, ThroughSlurm]) -> Project:
    """The run without Slurm; to be read, not changed."""
    return smoke_runs[0]


@pytest.fixture(scope="session")
def smoke(smoke_runs: tuple[Project, ThroughSlurm]) -> ThroughSlurm:
    """The run through Slurm; to be read, not changed."""
    return smoke_runs[1]


@pytest.fixture
def copy(smoke: ThroughSlurm, tmp_path: Path) -> ThroughSlurm:
    """A copy of what ran through Slurm, to be changed and run again."""
    return smoke.copied_to(tmp_path / "copy")
