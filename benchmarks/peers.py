"""Train other systems and this project's models on the same split in the same run.

    python -m benchmarks.peers results/ml-100k

Each system runs in a process of its own, one after the other.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from benchmarks import environment
from benchmarks.accuracy import (
    CURVE_COLUMNS,
    Evaluation,
    curve,
    peers_table,
    row_of_answer,
    row_without_answer,
    time_to_accuracy,
)
from benchmarks.against import differences_from
from benchmarks.arguments import add_path, parser_of
from benchmarks.duels import COLUMNS, Duel, run_duel, synthetic_problem
from benchmarks.problem import Problem
from benchmarks.systems import Runner, System
from benchmarks.time_to_accuracy_figure import plot_time_to_accuracy
from blendmf.common.errors import UserError
from blendmf.common.files import write_csv
from blendmf.report.figures.style import save_figure

SEED = 42
RESAMPLES = 10_000
"""Of the users, to tell how far the systems differ."""

THREADS = 1
"""Of every system in the table, so that their times compare; some have no more."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the comparison and write its tables and its figure."""
    parser = _parser()
    options = parser.parse_args(arguments)
    plan = yaml.safe_load(options.systems.read_text(encoding="utf-8"))
    runner = Runner(
        adapters=options.systems.parent,
        peers_python=environment.interpreter(options.environment),
        not_installed=environment.problems(options.environment),
        threads=THREADS,
        seed=SEED,
    )
    every = [System.of_entry(entry) for entry in plan["systems"]]
    try:
        systems = chosen(every, options.only)
    except UserError as error:
        parser.error(str(error))
    duels = [Duel.of_entry(entry) for entry in plan["duels"]]
    problems = [Problem.of_results(folder) for folder in options.results]
    with TemporaryDirectory() as scratch:
        evaluation = Evaluation(**plan["evaluation"])
        table, curves, scores = compare(systems, problems, evaluation, runner, Path(scratch))
        against = [
            differences_from(
                plan["reference"], scores[problem.name], problem, evaluation, RESAMPLES, SEED
            )
            for problem in problems
            if plan["reference"] in scores[problem.name]
        ]
        fought = fight(duels, problems, runner, Path(scratch))
    write_csv(options.output / "peers.csv", table)
    write_csv(options.output / "time-to-accuracy.csv", curves)
    if against:
        write_csv(options.output / "differences.csv", pd.concat(against, ignore_index=True))
    write_csv(options.output / "duels.csv", fought)
    figure = plot_time_to_accuracy(curves, time_to_accuracy(curves))
    save_figure(
        options.output / "time-to-accuracy.svg",
        figure,
        "Test RMSE of each system against the seconds that it was fitted for",
    )


def chosen(systems: Sequence[System], names: Sequence[str] | None) -> list[System]:
    """The systems of some names, in their own order; all of them for None.

    Raises
    ------
    UserError
        If there is no system of a name.
    """
    known = [system.system for system in systems]
    unknown = [name for name in names or [] if name not in known]
    if unknown:
        raise UserError(f"--only {unknown[0]!r}: no such system; there are {', '.join(known)}")
    return [system for system in systems if names is None or system.system in names]


def compare(
    systems: Sequence[System],
    problems: Sequence[Problem],
    evaluation: Evaluation,
    runner: Runner,
    scratch: Path,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, dict[str, NDArray[np.float64]]]]:
    """Fit every system on every problem.

    Returns
    -------
    (DataFrame, DataFrame, dict)
        As `peers_table` has it; the curves of the systems that predict ratings after several
        numbers of epochs; and by problem and system the predicted ratings of the test pairs.
    """
    scores: dict[str, dict[str, NDArray[np.float64]]] = {problem.name: {} for problem in problems}
    rows: list[dict[str, Any]] = []
    points: list[dict[str, Any]] = []
    for problem in problems:
        path = scratch / "problem.npz"
        problem.write(path)
        for system in systems:
            try:
                answer = runner.run(system, path, scratch)
            except UserError as error:
                row = row_without_answer(system, problem, runner.threads, str(error))
            else:
                row = row_of_answer(system, answer, problem, evaluation, runner.threads)
                if system.predicts_ratings:
                    scores[problem.name][system.system] = answer.scores[-1]
                if system.predicts_ratings and len(answer.epochs) > 1:
                    points += curve(system, answer, problem)
            _say(row, "rmse", "fit_seconds")
            rows.append(row)
    curves = pd.DataFrame(points, columns=CURVE_COLUMNS)
    return peers_table(rows, curves, evaluation.k), curves, scores


def fight(
    duels: Sequence[Duel], problems: Sequence[Problem], runner: Runner, scratch: Path
) -> pd.DataFrame:
    """Run the duels whose data set is there; columns as in `duels.COLUMNS`."""
    problem_of = {problem.name: problem for problem in problems}
    rows: list[dict[str, Any]] = []
    for duel in duels:
        if duel.synthetic is not None:
            problem = synthetic_problem(duel.synthetic, runner.seed)
        elif duel.data_set in problem_of:
            problem = problem_of[duel.data_set]
        else:
            continue
        rows += run_duel(duel, problem, runner, scratch)
        for row in rows[-len(duel.systems) :]:
            _say(row, "seconds_per_epoch", "times_as_fast")
    return pd.DataFrame(rows, columns=COLUMNS)


def _say(row: Mapping[str, Any], *figures: str) -> None:
    """Print how a system did as soon as it is known."""
    told = [f"{name} {row[name]:.4g}" for name in figures if name in row]
    print(": ".join([row["data_set"], row["system"], ", ".join([*told, row["note"]])]), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = parser_of(
        "benchmarks.peers",
        "Train other systems and this project's models on the same split.",
        "data, matrices and content",
        "results/benchmarks",
    )
    summary = "what is compared, beside the adapters"
    parser.add_argument("--only", nargs="+", metavar="SYSTEM", help="names of those to fit")
    add_path(parser, "--systems", "benchmarks/adapters/systems.yaml", summary)
    return parser


if __name__ == "__main__":
    main()
