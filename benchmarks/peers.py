"""``make peers``: train other systems and this project's models on the same split.

    python -m benchmarks.peers results/ml-100k

Each system runs in its own process, one after the other.
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
    METRICS,
    Evaluation,
    curve,
    differences_from,
    metrics_of,
    per_user_scores,
    table_name,
    time_to_accuracy,
)
from benchmarks.figures import plot_time_to_accuracy
from benchmarks.problem import Problem
from benchmarks.systems import Answer, Runner, System
from blendmf.common.errors import UserError
from blendmf.common.files import write_csv
from blendmf.report.figure_files import save_figure

SEED = 42
RESAMPLES = 10_000
"""Bootstrap resamples of the users for the differences between systems."""

THREADS = 1
"""Threads of every system, so that times are comparable; some systems support only one."""

Scores = dict[str, dict[str, NDArray[np.float64]]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the comparison and write its tables and its figure."""
    parser = _parser()
    options = parser.parse_args(arguments)
    plan = yaml.safe_load(options.systems.read_text(encoding="utf-8"))
    runner = Runner(options.systems.parent, options.environment, THREADS, SEED)
    try:
        systems = chosen([System(**entry) for entry in plan["systems"]], options.only)
    except UserError as error:
        parser.error(str(error))
    problems = [Problem.of_results(folder) for folder in options.results]
    evaluation, reference = Evaluation(**plan["evaluation"]), plan["reference"]
    with TemporaryDirectory() as scratch:
        table, curves, scores = compare(systems, problems, evaluation, runner, Path(scratch))
    differences = [
        differences_from(reference, scores[problem.name], problem, evaluation, RESAMPLES, SEED)
        for problem in problems
        if reference in scores[problem.name]
    ]
    write_csv(options.output / "peers.csv", table)
    write_csv(options.output / "time-to-accuracy.csv", curves)
    if differences:
        write_csv(options.output / "differences.csv", pd.concat(differences, ignore_index=True))
    save_figure(
        options.output / "time-to-accuracy.svg",
        plot_time_to_accuracy(curves, time_to_accuracy(curves)),
        "Test RMSE of each system against seconds of training",
    )


def chosen(systems: Sequence[System], names: Sequence[str] | None) -> list[System]:
    """The systems with these names, in their own order; all of them for None.

    An unknown name raises a UserError.
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
) -> tuple[pd.DataFrame, pd.DataFrame, Scores]:
    """Fit every system to every problem.

    Returns
    -------
    table : DataFrame
        One row per problem and system: accuracy, time, and the time to the common level.
    curves : DataFrame
        Columns `CURVE_COLUMNS`, of systems that predict ratings after several numbers of epochs.
    scores : dict of dict of ndarray
        Predicted ratings of the test pairs by problem and system.
    """
    scores: Scores = {problem.name: {} for problem in problems}
    rows: list[dict[str, Any]] = []
    points: list[tuple[Any, ...]] = []
    for problem in problems:
        path = scratch / "problem.npz"
        problem.write(path)
        for system in systems:
            row: dict[str, Any] = {
                "data_set": problem.name,
                "system": system.system,
                "threads": runner.threads,
                "settings": system.described(),
            }
            try:
                answer = runner.run(system, path, scratch)
            except UserError as error:
                row["note"] = str(error)
            else:
                row |= _measured(system, answer, problem, evaluation)
                if system.predicts_ratings:
                    scores[problem.name][system.system] = answer.scores[-1]
                    points += curve(system.system, answer, problem)
            _print_row(row)
            rows.append(row)
    curves = pd.DataFrame(points, columns=CURVE_COLUMNS)
    levels = time_to_accuracy(curves)
    metrics = [table_name(metric, evaluation.k) for metric in METRICS]
    columns = [
        *("data_set", "system", "version", "threads", "settings", *metrics),
        *("fit_seconds", "updates_per_second", "level_rmse", "seconds_to_level", "note"),
    ]
    table = pd.DataFrame(rows).merge(levels, how="left", on=["data_set", "system"])
    return table.reindex(columns=columns), curves, scores


def _measured(
    system: System, answer: Answer, problem: Problem, evaluation: Evaluation
) -> dict[str, Any]:
    """Accuracy and speed of a system's last fit.

    ``updates_per_second`` is the number of training ratings times epochs, over the seconds.
    """
    scores, seconds = answer.scores[-1], float(answer.seconds[-1])
    updates = int(answer.epochs[-1]) * len(problem.train)
    metrics = metrics_of(per_user_scores(scores, problem.test, problem.rating_range, evaluation))
    if not system.predicts_ratings:
        metrics = {name: metrics[name] for name in ("precision", "recall")}
    return {
        "version": answer.version,
        **{table_name(name, evaluation.k): value for name, value in metrics.items()},
        "fit_seconds": seconds,
        "updates_per_second": updates / seconds if updates else np.nan,
        "note": system.remark,
    }


def _print_row(row: Mapping[str, Any]) -> None:
    figures = [f"{name} {row[name]:.4g}" for name in ("rmse", "fit_seconds") if name in row]
    text = ", ".join([*figures, row["note"]])
    print(": ".join([row["data_set"], row["system"], text]), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = environment.parser_of(
        "benchmarks.peers",
        "Train other systems and this project's models on the same split.",
        "data, matrices and content",
        "results/benchmarks",
    )
    parser.add_argument("--only", nargs="+", metavar="SYSTEM", help="names of the systems to fit")
    summary = "the systems, in the folder of their adapters"
    environment.add_path(parser, "--systems", "benchmarks/adapters/systems.yaml", summary)
    return parser


if __name__ == "__main__":
    main()
