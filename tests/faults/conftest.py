from pathlib import Path

import pytest
from project import Project
from smoke_experiment import smoke

__all__ = ["smoke"]


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """The project before its first run."""
    return Project.created(tmp_path / "fresh")
