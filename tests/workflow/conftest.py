from pathlib import Path

import pytest
from project import Project
from smoke_experiment import smoke

__all__ = ["smoke"]


@pytest.fixture
def copy(smoke: Project, tmp_path: Path) -> Project:
    """Modifiable copy of the smoke experiment's code and results."""
    return smoke.copied_to(tmp_path / "copy")


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """The project before its first run."""
    return Project.created(tmp_path / "fresh")
