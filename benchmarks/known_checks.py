"""Fitting systems whose figures are known, and holding what they come to against those."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy import Evaluation
from benchmarks.checks import Check
from benchmarks.known_systems import KnownSystem, Protocol
from benchmarks.problem import Problem
from benchmarks.protocols import Tables, in_random_order
from benchmarks.scores import rated_precision_recall, rating_errors
from benchmarks.systems import Runner, System
from blendmf.common.errors import UserError

PREDICTIONS = "predictions"
"""Metric of a counterpart: root mean square difference of its predictions from the other's."""


class Run(NamedTuple):
    """What a system is fitted to, and with which seed."""

    problem: Problem
    seed: int


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a system came to.

    Attributes
    ----------
    metrics : mapping
        Mean over the problems of ``rmse, mae, precision, recall``; nothing if the system failed.
    predictions : ndarray of float64, of shape (n,)
        Clipped predictions of all test pairs of all problems.
    failure : str
        Why there is nothing.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    predictions: NDArray[np.float64] = field(default_factory=lambda: np.array([np.nan]))
    failure: str = ""


def known_checks(
    protocol: Protocol, known: KnownSystem, tables: Tables, runner: Runner, scratch: Path
) -> Iterator[Check]:
    """Check a system against what is published of it, and its counterpart against the system.

    A system that is not installed or fails gives checks without a figure, that say why.
    """
    problems = protocol.problems(tables, known.words.get(tables.name), runner.seed)
    clipped_to = protocol.clipped_to[tables.name]

    def outcome(system: System, runs: Sequence[Run]) -> Outcome:
        try:
            scores = [_scores(system, run, runner, scratch) for run in runs]
        except UserError as error:
            return Outcome(failure=str(error))
        return evaluated(scores, [run.problem for run in runs], protocol.evaluation, clipped_to)

    once = [Run(problem, runner.seed) for problem in problems]
    theirs = outcome(known.system, once)
    for metric, figure in known.published[tables.name].items():
        yield Check(
            *(protocol.name, tables.name, known.system.system, protocol.source, metric),
            *(figure, theirs.metrics.get(metric, np.nan), known.tolerance[metric]),
            note=theirs.failure or known.system.remark,
        )
    beside = known.counterpart
    if beside is None:
        return
    runs = [
        Run(in_random_order(problem, seed), seed)
        for seed in range(runner.seed, runner.seed + beside.orders)
        for problem in problems
    ]
    if runs:
        theirs = outcome(known.system, runs)
    ours = outcome(beside.system, runs or once)
    for metric, tolerance in beside.tolerance.items():
        yield Check(
            *(protocol.name, tables.name, beside.system.system, known.system.system, metric),
            *(*compared(theirs, ours, metric), tolerance),
            note=ours.failure or theirs.failure or beside.remark,
        )


def evaluated(
    scores: Sequence[NDArray[np.float64]],
    problems: Sequence[Problem],
    evaluation: Evaluation,
    clipped_to: tuple[float, float],
) -> Outcome:
    """Measure predictions of the test parts of some problems, clipped before anything else.

    Equal predictions are ranked in the order of the test part.
    """
    clipped = [np.clip(predicted, *clipped_to) for predicted in scores]
    of_problem = [
        rating_errors(predicted, problem.test, clipped_to)
        | rated_precision_recall(
            predicted, problem.test, *evaluation, ties=np.arange(len(problem.test))
        )
        for problem, predicted in zip(problems, clipped, strict=True)
    ]
    metrics = {
        metric: float(np.mean([row[metric] for row in of_problem])) for metric in of_problem[0]
    }
    return Outcome(metrics, np.concatenate(clipped))


def compared(theirs: Outcome, ours: Outcome, metric: str) -> tuple[float, float]:
    """Known and found figure of a counterpart; NaN where one of the two failed."""
    if metric == PREDICTIONS:
        apart = ours.predictions - theirs.predictions
        return 0.0, float(np.sqrt(np.mean(apart**2)))
    return theirs.metrics.get(metric, np.nan), ours.metrics.get(metric, np.nan)


def _scores(system: System, run: Run, runner: Runner, scratch: Path) -> NDArray[np.float64]:
    path = scratch / "problem.npz"
    run.problem.write(path)
    return replace(runner, seed=run.seed).run(system, path, scratch).scores[-1]
