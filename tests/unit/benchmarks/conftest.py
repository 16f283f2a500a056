"""A small problem, and other systems' environment and adapters."""

import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks import environment
from benchmarks.problem import Problem
from blendmf.common.files import write_json
from blendmf.common.random_streams import stream
from blendmf.models.observations import Observations

ADAPTERS = Path(__file__).parents[3] / "benchmarks/adapters"


@pytest.fixture(scope="session")
def problem() -> Problem:
    """Eight ratings of each of 80 users in each part, of 50 items with three words."""
    shape, random = (80, 50), stream(1, "problem")
    users = np.repeat(np.arange(shape[0], dtype=np.int32), 8)
    parts = [
        Observations(
            users,
            np.concatenate([random.permutation(shape[1])[:8] for _ in range(80)]).astype(np.int32),
            random.integers(1, 6, len(users)).astype(np.float32),
            shape,
        )
        for _ in ("train", "validation", "test")
    ]
    content = sp.random_array((shape[1], 3), density=0.5, rng=random)
    return Problem("tiny", *parts, sp.csr_array(content, dtype=np.float32), (1.0, 5.0))


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
