from pathlib import Path

import pytest

from finished_run import write_run


@pytest.fixture
def run(tmp_path, monkeypatch) -> Path:
    """Results folder of a finished run; the working folder is above ``results``."""
    write_run(tmp_path / "results/films")
    (tmp_path / "results/small-matrix").mkdir()
    monkeypatch.chdir(tmp_path)
    return Path("results/films")
