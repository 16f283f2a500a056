from pathlib import Path

import pytest
from project import Project


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of the smoke experiment in one process, so that it runs once."""
    for item in items:
        if "smoke" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("smoke"))


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The smoke experiment, run whole; to be read, not changed."""
    project = Project.created(tmp_path_factory.mktemp("smoke") / "smoke")
    project.succeed("--cores", "2")
    return project


@pytest.fixture
def copy(smoke: Project, tmp_path: Path) -> Project:
    """A copy of the smoke experiment's code and results, to be changed."""
    return smoke.copied_to(tmp_path / "copy")


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """The project before its first run."""
    return Project.created(tmp_path / "fresh")
