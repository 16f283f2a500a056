"""Systems of a comparison, each run in its own process and environment."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from benchmarks.environment import interpreter, not_installed
from blendmf.common.errors import UserError
from blendmf.common.files import PathLike, read_arrays

OWN_DISTRIBUTION = "blendmf"

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Limit the threads of libraries that have no parameter for it."""


class System(BaseModel, frozen=True, extra="forbid"):
    """An entry of ``systems.yaml``.

    Attributes
    ----------
    system : str
        Name in the tables.
    distribution : str
        Package of the system; ``blendmf`` runs in this project's own environment.
    adapter : str
        Script in the folder of ``systems.yaml`` that fits the system with the `settings`.
    epochs : tuple of int
        Epochs (sweeps, iterations) after which the test part is scored, ascending; the metrics
        are those of the last. (0,) for a system without epochs.
    predicts_ratings : bool
        False for a system that only ranks.
    remark : str
        Note in the table.
    """

    system: str
    distribution: str
    adapter: str
    settings: dict[str, Any] = {}
    epochs: tuple[int, ...] = (0,)
    predicts_ratings: bool = True
    remark: str = ""

    def described(self) -> str:
        """Settings and epochs in one line."""
        epochs = {"epochs": self.epochs[-1]} if self.epochs[-1] else {}
        return ", ".join(f"{name}={value}" for name, value in {**self.settings, **epochs}.items())


@dataclass(frozen=True, eq=False)
class Answer:
    """Output of an adapter, for m numbers of epochs and n test pairs.

    `version` is that of the distribution. `epochs` and `seconds` of training are of shape (m,),
    `scores` of the test pairs of shape (m, n).
    """

    version: str
    epochs: NDArray[np.int64]
    seconds: NDArray[np.float64]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Runner:
    """Runs the adapters of a folder, in the other systems' environment where they need it."""

    adapters: Path
    environment: Path
    threads: int
    seed: int

    def run(self, system: System, problem: PathLike, scratch: Path) -> Answer:
        """Fit a system and score the test pairs.

        `problem` is a file written by `Problem.write`, `scratch` a folder for temporary files. A
        system that is not installed or failed raises a UserError with the last line of its output.
        """
        python = Path(sys.executable)
        if system.distribution != OWN_DISTRIBUTION:
            missing = not_installed(self.environment)
            if system.distribution in missing:
                raise UserError(f"not installed: {missing[system.distribution]}")
            python = interpreter(self.environment)
        request = {
            "settings": system.settings,
            "epochs": system.epochs,
            "threads": self.threads,
            "seed": self.seed,
            "distribution": system.distribution,
        }
        path = scratch / "answer.npz"
        done = subprocess.run(  # noqa: S603
            [python, self.adapters / system.adapter, problem, path, json.dumps(request)],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | dict.fromkeys(THREAD_VARIABLES, str(self.threads)),
        )
        if done.returncode:
            *_, last = done.stderr.strip().splitlines() or ["no message"]
            raise UserError(f"failed: {last}")
        arrays = read_arrays(path)
        path.unlink()
        return Answer(str(arrays["version"]), arrays["epochs"], arrays["seconds"], arrays["scores"])
