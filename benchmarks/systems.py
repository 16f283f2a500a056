"""Running a system on a problem, in the environment that it is installed in."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike, read_arrays

OWN_DISTRIBUTION = "blendmf"

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""How libraries that take no number of threads are told it."""


@dataclass(frozen=True)
class System:
    """An entry of ``systems.yaml``.

    Attributes
    ----------
    system : str
        Its name in the tables.
    distribution : str
        Package that it comes in; ``blendmf`` runs in this project's own environment.
    adapter : str
        File beside ``systems.yaml`` that fits it.
    settings : mapping
        Given to the adapter as they are.
    epochs : tuple of int
        Epochs (sweeps, iterations) after which the test part is scored, ascending; the last is
        the fit that counts. A system without epochs has one entry, 0.
    predicts_ratings : bool
        False for a system that only ranks.
    remark : str
        What a reader of the table has to know.
    """

    system: str
    distribution: str
    adapter: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    epochs: tuple[int, ...] = (0,)
    predicts_ratings: bool = True
    remark: str = ""

    @classmethod
    def of_entry(cls, entry: Mapping[str, Any]) -> "System":
        """Read an entry of the file."""
        return cls(**{**entry, "epochs": tuple(entry.get("epochs", cls.epochs))})

    def described(self) -> str:
        """The settings and the epochs in one line."""
        told = [f"{name}={value}" for name, value in self.settings.items()]
        return ", ".join([*told, f"epochs={self.epochs[-1]}"] if self.epochs[-1] else told)


@dataclass(frozen=True, eq=False)
class Answer:
    """What a system came to.

    Attributes
    ----------
    version : str
    epochs : ndarray of int, of shape (m,)
        Epochs that were run until each point.
    seconds : ndarray of float64, of shape (m,)
        Of fitting until each point.
    scores : ndarray of float64, of shape (m, n)
        Scores of the n test pairs at each point.
    """

    version: str
    epochs: NDArray[np.int64]
    seconds: NDArray[np.float64]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Runner:
    """How adapters are run.

    Attributes
    ----------
    adapters : Path
        Their folder.
    peers_python : Path
        Interpreter of the environment of the other systems.
    not_installed : mapping
        What kept a distribution out of that environment.
    threads : int
    seed : int
    """

    adapters: Path
    peers_python: Path
    not_installed: Mapping[str, str]
    threads: int
    seed: int

    def run(self, system: System, problem: PathLike, scratch: Path) -> Answer:
        """Fit a system and score the test pairs.

        Parameters
        ----------
        problem : path
            Of a written `Problem`.
        scratch : Path
            A folder for the answer.

        Raises
        ------
        UserError
            If the system is not installed, or with its last line of complaint if it failed.
        """
        if system.distribution in self.not_installed:
            raise UserError(f"not installed: {self.not_installed[system.distribution]}")
        own = system.distribution == OWN_DISTRIBUTION
        python = sys.executable if own else self.peers_python
        request = {
            "settings": dict(system.settings),
            "epochs": list(system.epochs),
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
            raise UserError(f"failed: {_last_line(done.stderr)}")
        arrays = read_arrays(path)
        path.unlink()
        return Answer(str(arrays["version"]), arrays["epochs"], arrays["seconds"], arrays["scores"])


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]
