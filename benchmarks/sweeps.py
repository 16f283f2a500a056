"""``make sweeps``: seconds per sweep of Gibbs samplers on generated ratings of any number.

    python -m benchmarks.sweeps --ratings 10000000 --threads 2

The ratings are those of `make bench`, one of each pair. Each sampler runs in its own process with
16 factors. A sweep takes a share of the difference between a longer and a shorter run, which leaves
out the start.
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

SHORT, LONG = 2, 5
"""Sweeps of the two runs."""

ADAPTERS = Path(__file__).with_name("adapters")
SAMPLERS = (
    System(
        system="blendmf bayes",
        distribution="blendmf",
        adapter="blendmf_model.py",
        settings={
            "kind": "mf",
            "training": {"optimiser": "bayes", "latent_dim": 16, "burn_in": 1},
        },
        epochs=(SHORT, LONG),
    ),
    System(
        system="SMURFF BPMF",
        distribution="smurff",
        adapter="smurff_bpmf.py",
        settings={"num_latent": 16, "burnin": 1, "precision": 1.5},
        epochs=(SHORT, LONG),
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
    """Seconds per sweep of a sampler, or the reason why there are none."""
    row: dict[str, Any] = {"system": system.system, "threads": runner.threads}
    try:
        answer = runner.run(system, problem, scratch)
    except UserError as error:
        return row | {"note": str(error)}
    short, long = answer.seconds
    seconds = float(long - short) / (LONG - SHORT)
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
