"""Known figures checked against measured ones, and the fits that measure them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy import Evaluation, metrics_of, per_user_scores
from benchmarks.problem import Problem
from benchmarks.protocols import KnownSystem, Protocol, Tables, in_random_order
from benchmarks.systems import Runner, System
from blendmf.common.errors import UserError

COLUMNS = [
    *("protocol", "data_set", "system", "compared_with", "metric"),
    *("known", "found", "difference", "tolerance", "outcome", "note"),
]

AGREES, OFF, SKIPPED = "agrees", "off", "skipped"

PREDICTIONS = "predictions"
"""Metric of a counterpart: root mean square difference of its predictions from the system's."""


@dataclass(frozen=True)
class Check:
    """Comparison of one known figure with the measured one.

    `compared_with` is the source of the known figure: its publisher, or another system of the same
    run. A figure that was not `found` is NaN, one that was not tried is `skipped`; the `note` has
    the reason. `tolerance` is the largest difference that counts as agreement.
    """

    protocol: str
    data_set: str
    system: str
    compared_with: str
    metric: str
    known: float
    found: float
    tolerance: float
    skipped: bool = False
    note: str = ""

    @property
    def difference(self) -> float:
        """Found minus known."""
        return self.found - self.known

    @property
    def outcome(self) -> str:
        """``agrees``, ``off`` (also if nothing was measured) or ``skipped``."""
        if self.skipped:
            return SKIPPED
        return AGREES if abs(self.difference) <= self.tolerance else OFF

    def __str__(self) -> str:
        name = f"{self.protocol}, {self.data_set}, {self.system}, {self.metric}"
        if self.note and math.isnan(self.found):
            return f"{name}: {self.note}"
        figures = f"{self.found:.6g} where {self.compared_with} has {self.known:.6g}"
        return f"{name}: {figures} (tolerance {self.tolerance:g})"


def table_of(checks: Sequence[Check]) -> pd.DataFrame:
    """One row per check, with the columns `COLUMNS`."""
    rows = [{column: getattr(check, column) for column in COLUMNS} for check in checks]
    return pd.DataFrame(rows, columns=COLUMNS)


def verdict(checks: Sequence[Check]) -> tuple[bool, str]:
    """Whether all figures that were tried agree (False if none was), and a report.

    The report names every figure that is off, everything that was skipped, and the counts.
    """
    outcomes = [check.outcome for check in checks]
    lines = [f"off: {check}" for check in checks if check.outcome == OFF]
    skipped = [check for check in checks if check.skipped]
    notes = dict.fromkeys(f"{check.data_set}, {check.system}: {check.note}" for check in skipped)
    lines += [f"skipped, not checked: {note}" for note in notes]
    n_agree, n_tried = outcomes.count(AGREES), len(checks) - len(skipped)
    lines.append(f"{n_agree} of {n_tried} figures agree with the known ones")
    return 0 < n_tried == n_agree, "\n".join(lines)


@dataclass(frozen=True, eq=False)
class Measurement:
    """Measured figures of one system.

    `metrics` are means over the problems of ``rmse, mae, precision, recall``, empty after a
    failure. `predictions`, of shape (n,), are the clipped ones of all test pairs of all problems.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    predictions: NDArray[np.float64] = field(default_factory=lambda: np.array([np.nan]))
    failure: str = ""


def known_checks(
    protocol: Protocol, known: KnownSystem, tables: Tables, runner: Runner, scratch: Path
) -> Iterator[Check]:
    """Check a system against its published figures, and its counterpart against the system.

    A system that is not installed, or fails, yields checks without a figure and with the reason.
    """
    problems = protocol.problems(tables, known.words.get(tables.name), runner.seed)

    def measured(system: System, runs: Sequence[tuple[Problem, int]]) -> Measurement:
        path, scores = scratch / "problem.npz", []
        try:
            for problem, seed in runs:
                problem.write(path)
                scores.append(replace(runner, seed=seed).run(system, path, scratch).scores[-1])
        except UserError as error:
            return Measurement(failure=str(error))
        clipped_to = protocol.clipped_to[tables.name]
        return measure(scores, [problem for problem, _ in runs], protocol.evaluation, clipped_to)

    once = [(problem, runner.seed) for problem in problems]
    theirs = measured(known, once)
    for metric, figure in known.published[tables.name].items():
        yield Check(
            *(protocol.name, tables.name, known.system, protocol.source, metric),
            *(figure, theirs.metrics.get(metric, np.nan), known.tolerance[metric]),
            note=theirs.failure or known.remark,
        )
    counterpart = known.counterpart
    if counterpart is None:
        return
    shuffled = [
        (in_random_order(problem, seed), seed)
        for seed in range(runner.seed, runner.seed + counterpart.orders)
        for problem in problems
    ]
    if shuffled:
        theirs = measured(known, shuffled)
    ours = measured(counterpart.system, shuffled or once)
    for metric, tolerance in counterpart.tolerance.items():
        yield Check(
            *(protocol.name, tables.name, counterpart.system.system, known.system, metric),
            *(*compared(theirs, ours, metric), tolerance),
            note=ours.failure or theirs.failure or counterpart.remark,
        )


def measure(
    scores: Sequence[NDArray[np.float64]],
    problems: Sequence[Problem],
    evaluation: Evaluation,
    clipped_to: tuple[float, float],
) -> Measurement:
    """Mean metrics over the problems; predictions are clipped before scoring and ranking.

    Equal predictions are ranked in the order of the test part.
    """
    clipped = [np.clip(predicted, *clipped_to) for predicted in scores]
    rows = []
    for problem, predicted in zip(problems, clipped, strict=True):
        ties = np.arange(len(problem.test))
        rows.append(
            metrics_of(per_user_scores(predicted, problem.test, clipped_to, evaluation, ties))
        )
    means = {metric: float(np.mean([row[metric] for row in rows])) for metric in rows[0]}
    return Measurement(means, np.concatenate(clipped))


def compared(theirs: Measurement, ours: Measurement, metric: str) -> tuple[float, float]:
    """Known and found figure of a counterpart; NaN if either system failed."""
    if metric == PREDICTIONS:
        return 0.0, float(np.sqrt(np.mean((ours.predictions - theirs.predictions) ** 2)))
    return theirs.metrics.get(metric, np.nan), ours.metrics.get(metric, np.nan)
