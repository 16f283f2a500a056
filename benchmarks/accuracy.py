"""How well and how fast other systems and this project's models predict one test part."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.problem import Problem
from benchmarks.scores import rated_precision_recall, rating_errors
from benchmarks.systems import Answer, System

CURVE_COLUMNS = ["data_set", "system", "epochs", "seconds", "test_rmse"]


class Evaluation(NamedTuple):
    """How lists are judged: their length and the least relevant rating."""

    k: int
    relevance_threshold: float


def row_of_answer(
    system: System, answer: Answer, problem: Problem, evaluation: Evaluation, threads: int
) -> dict[str, Any]:
    """Row of the table of a system that was fitted; its last point is the fit that counts.

    ``updates_per_second`` are the training ratings that the system went through, each as often as
    it had epochs, over the seconds of the fit.
    """
    scores, seconds = answer.scores[-1], float(answer.seconds[-1])
    updates = int(answer.epochs[-1]) * len(problem.train)
    row = _named(system, problem, threads) | {"version": answer.version}
    if system.predicts_ratings:
        row |= rating_errors(scores, problem.test, problem.rating_range)
    for name, value in rated_precision_recall(scores, problem.test, *evaluation).items():
        row[f"{name}_at_{evaluation.k}"] = value
    return row | {
        "fit_seconds": seconds,
        "updates_per_second": updates / seconds if updates else np.nan,
        "note": system.remark,
    }


def row_without_answer(system: System, problem: Problem, threads: int, why: str) -> dict[str, Any]:
    """Row of the table of a system that could not be installed or failed."""
    return _named(system, problem, threads) | {"note": why}


def curve(system: System, answer: Answer, problem: Problem) -> list[dict[str, Any]]:
    """Error against time: a row with the columns of `CURVE_COLUMNS` for each point."""
    return [
        {
            "data_set": problem.name,
            "system": system.system,
            "epochs": int(epochs),
            "seconds": float(seconds),
            "test_rmse": rating_errors(scores, problem.test, problem.rating_range)["rmse"],
        }
        for epochs, seconds, scores in zip(
            answer.epochs, answer.seconds, answer.scores, strict=True
        )
    ]


def peers_table(rows: Sequence[Mapping[str, Any]], curves: pd.DataFrame, k: int) -> pd.DataFrame:
    """Put the rows into one table, with the time that each system took to the common level.

    Parameters
    ----------
    rows : sequence of mapping
    curves : DataFrame
        Columns of `CURVE_COLUMNS`.
    k : int
        Length of the ranked lists.

    Returns
    -------
    DataFrame
        Per data set in the order of the rows.
    """
    levels = time_to_accuracy(curves)
    table = pd.DataFrame(rows).merge(levels, how="left", on=["data_set", "system"])
    return table.reindex(
        columns=[
            *("data_set", "system", "version", "threads", "settings", "rmse", "mae"),
            *(f"precision_at_{k}", f"recall_at_{k}", "fit_seconds", "updates_per_second"),
            *("level_rmse", "seconds_to_level", "note"),
        ]
    )


def time_to_accuracy(curves: pd.DataFrame) -> pd.DataFrame:
    """Seconds until each system's test RMSE is at a level that all systems reach.

    The level of a data set is the largest of the systems' lowest errors, so that the system that
    predicts worst just reaches it. A system is at the level from the first point on whose error is
    at most that.

    Parameters
    ----------
    curves : DataFrame
        Columns of `CURVE_COLUMNS`; points without a finite error are never at the level, and a
        system that has only such points has no say in it.

    Returns
    -------
    DataFrame
        ``data_set, system, level_rmse, seconds_to_level``.
    """
    finite = curves[np.isfinite(curves["test_rmse"].astype(np.float64))]
    lowest = finite.groupby(["data_set", "system"])["test_rmse"].min()
    level = lowest.groupby("data_set").max().rename("level_rmse")
    points = finite.join(level, on="data_set")
    there = points[points["test_rmse"] <= points["level_rmse"]]
    reached = there.groupby(["data_set", "system", "level_rmse"], sort=False)["seconds"].min()
    return reached.rename("seconds_to_level").reset_index()


def _named(system: System, problem: Problem, threads: int) -> dict[str, Any]:
    return {
        "data_set": problem.name,
        "system": system.system,
        "threads": threads,
        "settings": system.described(),
    }
