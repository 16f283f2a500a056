"""The completed smoke experiment, for all tests that look at a finished run."""

import fcntl

import pytest
from project import Project, done


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Project:
    """The completed smoke experiment of a commit, run once for all test processes; read-only."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    output = shared / "smoke.txt"
    with (shared / "smoke.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not output.exists():
            project = Project.created(shared / "smoke").commit()
            ran = done(project.command("--cores", "2"), env=project.environment())
            output.write_text(f"exit code {ran.returncode}\n{ran.stdout}")
    assert output.read_text().startswith("exit code 0\n"), output.read_text()
    return Project(shared / "smoke")
