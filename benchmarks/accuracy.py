"""Accuracy of predicted test ratings, measured by the code that scores this project's models."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.problem import Problem
from benchmarks.systems import Answer
from blendmf.common.random_streams import stream
from blendmf.evaluation.bootstrap import bootstrap, holm
from blendmf.evaluation.metrics import ranking_metrics
from blendmf.evaluation.ranking_metrics import RankedLists, places
from blendmf.evaluation.user_metrics import Measured, user_sums
from blendmf.models.observations import Observations

Values = NDArray[np.float64]

METRICS = {
    "rmse": "rmse",
    "mae": "mae",
    "precision": "rated_precision_at_k",
    "recall": "rated_recall_at_k",
}
"""Name of each metric in these tables, and its name in `blendmf.evaluation`."""

CURVE_COLUMNS = ["data_set", "system", "epochs", "seconds", "test_rmse"]

DIFFERENCE_COLUMNS = [
    *("data_set", "metric", "system", "reference", "value", "of_reference"),
    *("difference", "low", "high", "p_value", "p_holm"),
]


class Evaluation(NamedTuple):
    """Length of the ranked lists, and the lowest rating of a relevant item."""

    k: int
    relevance_threshold: float


def per_user_scores(
    scores: Values,
    test: Observations,
    rating_range: tuple[float, float],
    evaluation: Evaluation,
    ties: NDArray[np.integer] | None = None,
) -> pd.DataFrame:
    """Errors and ranked lists (protocol ``rated``) of each user with test ratings.

    `scores`, of shape (n,), is the predicted rating of each test pair. Errors are those of the
    predictions clipped to `rating_range`; lists are ranked by the unclipped ones, and pairs with
    equal scores by `ties`, of shape (n,), lowest first (default: by item position).

    Returns one row per user, ascending: ``squared_error`` and ``absolute_error`` (sums over the
    user's ratings), ``n_ratings``, ``rated_precision_at_k`` and ``rated_recall_at_k``.
    """
    users, rows = np.unique(test.users, return_inverse=True)
    error = np.clip(scores, *rating_range) - test.ratings
    n_ratings = np.bincount(rows)
    relevant = test.ratings >= evaluation.relevance_threshold
    place = places(rows, test.items if ties is None else ties, scores)
    listed = place < evaluation.k
    hits = np.zeros((len(users), evaluation.k), dtype=np.bool_)
    hits[rows[listed], place[listed]] = relevant[listed]
    n_relevant = np.bincount(rows[relevant], minlength=len(users))
    ranked = ranking_metrics(RankedLists(hits, n_relevant, n_ratings))
    return pd.DataFrame(
        {
            "squared_error": np.bincount(rows, error**2),
            "absolute_error": np.bincount(rows, np.abs(error)),
            "n_ratings": n_ratings,
            "rated_precision_at_k": ranked["precision_at_k"],
            "rated_recall_at_k": ranked["recall_at_k"],
        }
    )


def metrics_of(per_user: pd.DataFrame) -> dict[str, float]:
    """The metrics of `METRICS` over all users: errors pool all ratings, the others are means."""
    return {
        name: float(user_sums(metric, [per_user]).value()[0]) for name, metric in METRICS.items()
    }


def differences_from(
    reference: str,
    scores: Mapping[str, Values],
    problem: Problem,
    evaluation: Evaluation,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Difference of every system from a reference system on every metric, paired over users.

    `scores` has the predicted rating of each test pair by system, including the reference. The
    table has one row per metric and system, with the columns `DIFFERENCE_COLUMNS`: ``difference``
    is the system's value minus the reference's, ``low`` and ``high`` are its 95 % interval over
    `resamples` of the users, and ``p_holm`` is ``p_value`` corrected for the number of systems.
    """
    tables = [
        per_user_scores(own, problem.test, problem.rating_range, evaluation)
        for own in scores.values()
    ]
    sums = {name: user_sums(metric, tables) for name, metric in METRICS.items()}
    drawn = bootstrap(sums, resamples, stream(seed, "peers", problem.name))
    others = [system for system in scores if system != reference]
    rows = []
    for name, of_metric in sums.items():
        values = dict(zip(scores, of_metric.value()[:, np.newaxis], strict=True))
        measured = Measured(list(scores), values, drawn[name], of_metric)
        found = pd.DataFrame(
            [measured.difference([system], [reference]) for system in others],
            columns=["difference", "low", "high", "p_value"],
        )
        rows.append(
            found.assign(
                metric=table_name(name, evaluation.k),
                system=others,
                value=[measured.value(system) for system in others],
                of_reference=measured.value(reference),
                p_holm=holm(found["p_value"]),
            )
        )
    table = pd.concat(rows, ignore_index=True)
    return table.assign(data_set=problem.name, reference=reference)[DIFFERENCE_COLUMNS]


def table_name(metric: str, k: int) -> str:
    """Column of a metric in the tables, such as ``precision_at_10``."""
    return f"{metric}_at_{k}" if metric in ("precision", "recall") else metric


def curve(system: str, answer: Answer, problem: Problem) -> list[tuple[Any, ...]]:
    """Test RMSE against time: rows with the columns `CURVE_COLUMNS`, none for a single point."""
    if len(answer.epochs) == 1:
        return []
    errors = np.clip(answer.scores, *problem.rating_range) - problem.test.ratings
    points = zip(answer.epochs, answer.seconds, np.sqrt(np.mean(errors**2, axis=1)), strict=True)
    return [(problem.name, system, *point) for point in points]


def time_to_accuracy(curves: pd.DataFrame) -> pd.DataFrame:
    """Seconds until each system's test RMSE falls to a level that all systems reach.

    The level of a data set is the largest of the systems' lowest errors, so that the least accurate
    system just reaches it. `curves` has the columns `CURVE_COLUMNS`; points without a finite error
    are ignored. Columns: ``data_set, system, level_rmse, seconds_to_level``.
    """
    finite = curves[np.isfinite(curves["test_rmse"].astype(np.float64))]
    lowest = finite.groupby(["data_set", "system"])["test_rmse"].min()
    level = lowest.groupby("data_set").max().rename("level_rmse")
    points = finite.join(level, on="data_set")
    reached = points[points["test_rmse"] <= points["level_rmse"]]
    first = reached.groupby(["data_set", "system", "level_rmse"], sort=False)["seconds"].min()
    return first.rename("seconds_to_level").reset_index()
