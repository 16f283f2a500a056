import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import Project
from runs import SHORTER, ThroughSlurm
from slurm import Slurm, obstacle, started


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    """A real Slurm, started once and stopped after all tests."""
    if reason := obstacle():
        pytest.exit(reason, returncode=1)
    # SIGTERM stops the tests and Slurm, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with started(tmp_path_factory.mktemp("slurm")) as slurm:
        yield slurm


@pytest.fixture(scope="session")
def smoke_runs(
    slurm: Slurm, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, ThroughSlurm]:
    """Run the smoke experiment locally and, concurrently, through Slurm in two shards."""
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
    """The run without Slurm; read-only."""
    return smoke_runs[0]


@pytest.fixture(scope="session")
def smoke(smoke_runs: tuple[Project, ThroughSlurm]) -> ThroughSlurm:
    """The run through Slurm; read-only."""
    return smoke_runs[1]


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """The project before its first run."""
    return Project.created(tmp_path / "fresh")


@pytest.fixture
def copy(smoke: ThroughSlurm, tmp_path: Path) -> ThroughSlurm:
    """Modifiable copy of the run through Slurm."""
    return smoke.copied_to(tmp_path / "copy")
