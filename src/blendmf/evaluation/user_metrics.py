"""The metrics that have a value for every user, measured on all users and on resamples of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.evaluation.bootstrap import UserSums, bootstrap
from blendmf.evaluation.interval_coverage import WIDTHS, WITHIN
from blendmf.evaluation.ranking_metrics import METRICS

RATING = ("rmse", "mae", "user_rmse", "user_mae")
"""Errors, in rating points: the lower, the better."""

RANKED = tuple(f"{protocol}_{name}" for protocol in ("rated", "full") for name in METRICS)
"""Metrics of ranked lists: the higher, the better."""


UNKNOWN = pd.Series([np.nan])

UNCERTAINTY = (*WITHIN, *WIDTHS)
"""Share of the ratings that are in their intervals, and the intervals' mean width: neither is
better for being higher or lower."""


def higher_is_better(metric: str) -> bool:
    """Whether a greater value of a metric is the better one; of errors a smaller one is."""
    return metric not in RATING


@dataclass(frozen=True, eq=False)
class Measured:
    """One metric of the m models that have it; a model's value is the mean over its seeds.

    Attributes
    ----------
    models : list of str, of length m
    by_seed : list of ndarray, each of shape (n_seeds of the model,)
        The metric of each fit, over all users.
    resampled : ndarray of shape (resamples, m)
        On each resample of the users, the same resamples for all models and metrics.
    sums : UserSums
        What the metric is made of, one column or mean per model.
    """

    models: list[str]
    by_seed: list[NDArray[np.float64]]
    resampled: NDArray[np.float64]
    sums: UserSums

    @property
    def n_users(self) -> int:
        """Users with a part in the metric."""
        return int(np.count_nonzero(self.sums.weights))


def aligned(tables: Sequence[pd.DataFrame], names: Sequence[str]) -> list[pd.DataFrame]:
    """Per-user tables in one order of users.

    Parameters
    ----------
    tables : sequence of DataFrame
        Per-user tables of the runs, as `evaluate` makes them.
    names : sequence of str
        What to call each run in a message.

    Raises
    ------
    UserError
        If the runs were not evaluated on the same users, with as many ratings each.
    """
    ordered = [_by_user(table) for table in tables]
    counted = ["user_id", "n_ratings"]
    for name, table in zip(names, ordered, strict=True):
        if not table[counted].equals(ordered[0][counted]):
            raise UserError(
                f"{names[0]} and {name} were evaluated on different ratings: remove their "
                "evaluation folders and run again"
            )
    return ordered


def _by_user(table: pd.DataFrame) -> pd.DataFrame:
    """The table itself where it is in order, which spares its copy."""
    in_order = table["user_id"].is_monotonic_increasing
    return table if in_order else table.sort_values("user_id", ignore_index=True)


def seed_deviation(by_seed: NDArray[np.float64]) -> float:
    """Standard deviation of the values of several fits; NaN for a single one."""
    return float(by_seed.std(ddof=1)) if len(by_seed) > 1 else np.nan


def measure(
    tables: Sequence[pd.DataFrame],
    models: Sequence[str],
    resamples: int,
    seed: int,
    metrics: Sequence[str] = (*RATING, *RANKED, *UNCERTAINTY),
) -> dict[str, Measured]:
    """Measure per-user metrics of the models that have them.

    Parameters
    ----------
    tables : sequence of DataFrame
        Per-user tables of the runs, as `evaluate` makes them, all with the same users in order.
    models : sequence of str
        The model of each table.
    resamples : int
    seed : int
        The experiment's.
    metrics : sequence of str, optional
        Those to measure; all of them by default.
    """
    every = list(range(len(tables)))
    predicting = [run for run in every if tables[run]["squared_error"].notna().all()]
    uncertain = [run for run in every if tables[run].get(WITHIN[0], UNKNOWN).notna().all()]
    having_part = {**dict.fromkeys(RATING, predicting), **dict.fromkeys(UNCERTAINTY, uncertain)}
    runs = {metric: having_part.get(metric, every) for metric in metrics}
    names, by_seed, sums = {}, {}, {}
    for metric in (name for name, having in runs.items() if having):
        of_runs = np.array([models[run] for run in runs[metric]])
        of_metric = user_sums(metric, [tables[run] for run in runs[metric]])
        values = of_metric.value()
        names[metric] = list(dict.fromkeys(of_runs.tolist()))
        by_seed[metric] = [values[of_runs == model] for model in names[metric]]
        sums[metric] = of_metric.averaged(_mean_of_each(names[metric], of_runs))
    drawn = bootstrap(sums, resamples, stream(seed, "bootstrap"))
    return {
        metric: Measured(names[metric], by_seed[metric], drawn[metric], sums[metric])
        for metric in sums
    }


def _mean_of_each(models: list[str], of_runs: NDArray[np.str_]) -> NDArray[np.float64]:
    """Weights that take the runs to the mean of each model, of shape (n_runs, m)."""
    own = (of_runs[:, None] == np.array(models)[None, :]).astype(np.float64)
    return np.asarray(own / own.sum(axis=0))


def user_sums(metric: str, tables: Sequence[pd.DataFrame]) -> UserSums:
    """Per-user sums of one metric, one column per table."""

    def columns(column: str) -> NDArray[np.float64]:
        return np.column_stack([table[column].to_numpy(dtype=np.float64) for table in tables])

    n_ratings = tables[0]["n_ratings"].to_numpy(dtype=np.float64)
    each_user = np.ones_like(n_ratings)
    match metric:
        case "rmse":
            return UserSums(columns("squared_error"), n_ratings, root=True)
        case "mae":
            return UserSums(columns("absolute_error"), n_ratings)
        case "user_rmse":
            return UserSums(np.sqrt(columns("squared_error") / n_ratings[:, None]), each_user)
        case "user_mae":
            return UserSums(columns("absolute_error") / n_ratings[:, None], each_user)
        case _ if metric in UNCERTAINTY:
            return UserSums(columns(metric), n_ratings)
        case _:
            values = columns(metric)
            # The full protocol may have been applied to some users alone, the same in all runs.
            scored = ~np.isnan(values[:, 0])
            return UserSums(np.nan_to_num(values, copy=False), scored.astype(np.float64))
