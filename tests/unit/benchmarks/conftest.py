"""Other systems' environment and adapters for the tests of the commands that run them."""

import sys
from pathlib import Path

import pytest

from benchmarks import environment
from blendmf.common.files import write_json

ADAPTERS = Path(__file__).parents[3] / "benchmarks/adapters"


@pytest.fixture
def adapters(tmp_path: Path) -> Path:
    """Folder for a test's adapters, with their imports and the adapter of this project's models."""
    folder = tmp_path / "adapters"
    folder.mkdir()
    for name in ("adapter.py", "blendmf_model.py"):
        (folder / name).write_text((ADAPTERS / name).read_text())
    return folder


@pytest.fixture
def peers_environment(tmp_path: Path) -> Path:
    """Environment of other systems with the packages of the test environment.

    The interpreter is a script; a link would find the packages of the base interpreter.
    """
    folder = tmp_path / "peers"
    python = environment.interpreter(folder)
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    write_json(folder / environment.OUTCOME, {"numpy": None, "absent": "no compiler"})
    return folder
