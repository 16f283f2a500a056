"""``make sweeps``: seconds per sweep of Gibbs samplers on generated ratings of any number.

    python -m benchmarks.sweeps --ratings 10000000 --threads 2

The ratings are those of `make bench`, one of each pair. Each sampler runs in its own process with
16 factors and the given threads; the time is that of its fastest sweep.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.engine_case import RATING_RANGE, synthetic_ratings
from benchmarks.environment import add_path
from benchmarks.peers import SEED
from benchmarks.problem import Problem
from benchmarks.systems import Runner, System
from blendmf.common.errors import UserError
from blendmf.common.files import write_csv

SWEEPS = (1, 2, 3, 4, 5, 6)
"""Sweeps of a run; the first warms up."""

ADAPTERS = Path(__file__).with_name("adapters")
SAMPLERS = (
    System(
        system="blendmf bayes",
        distribution="blendmf",
        adapter="blendmf_sweeps.py",
        settings={"latent_dim": 16},
        epochs=SWEEPS,
    ),
    System(
        system="SMURFF BPMF",
        distribution="smurff",
        adapter="smurff_bpmf.py",
        settings={"num_latent": 16, "burnin": 1, "precision": 1.5},
        epochs=SWEEPS,
    ),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each sampler and write the table."""
    options = _parser().parse_args(arguments)
    runner = Runner(ADAPTERS, options.environment, options.threads, SEED)
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "problem.npz"
        problem = generated(options.ratings)
        problem.write(path)
        rows = [
            measured(system, runner, path, Path(scratch)) | {"ratings": len(problem.train)}
            for system in SAMPLERS
        ]
    table = pd.DataFrame(rows)
    write_csv(options.output / "sweeps.csv", table)
    print(table.to_string(index=False))


def generated(n: int) -> Problem:
    """Ratings to train on, each pair once; a few are the other parts, which take no time."""
    ratings, content = synthetic_ratings(n)
    pairs = ratings.users.astype(np.int64) * ratings.shape[1] + ratings.items
    once = np.zeros(n, dtype=bool)
    once[np.unique(pairs, return_index=True)[1]] = True
    train = ratings.where(once)
    few = train.where(np.arange(len(train)) < 100)
    return Problem("synthetic", train, few, few, content, RATING_RANGE)


def measured(system: System, runner: Runner, problem: Path, scratch: Path) -> dict[str, Any]:
    """Seconds of a sampler's fastest sweep, or the reason why there are none."""
    row: dict[str, Any] = {"system": system.system, "threads": runner.threads}
    try:
        answer = runner.run(system, problem, scratch)
    except UserError as error:
        return row | {"note": str(error)}
    seconds = float(np.diff(answer.seconds).min())
    return row | {"version": answer.version, "seconds_per_sweep": seconds, "note": ""}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure the sweeps of Gibbs samplers.")
    parser.add_argument("--ratings", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=2)
    add_path(parser, "--environment", ".venv-peers", "where the other systems are installed")
    add_path(parser, "--output", "results/benchmarks", "output folder")
    return parser


if __name__ == "__main__":
    main()
