"""Metrics with a value for every user, measured over all users and on resamples of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.evaluation.bootstrap import (
    UserSums,
    bootstrap,
    bootstrap_p_values,
    percentile_interval,
)
from blendmf.evaluation.metrics import METRICS
from blendmf.evaluation.rating_metrics import WIDTHS, WITHIN

RATING = ("rmse", "mae", "user_rmse", "user_mae")
"""Rating errors in rating points; lower is better."""

RANKED = tuple(f"{protocol}_{name}" for protocol in ("rated", "full") for name in METRICS)
"""Metrics of ranked lists; higher is better."""

UNCERTAINTY = (*WITHIN, *WIDTHS)
"""Share of the ratings inside their intervals, and mean interval width, in rating points."""


def higher_is_better(metric: str) -> bool:
    """Whether a greater value of the metric is better; for rating errors a smaller one is."""
    return metric not in RATING


class PairedDifference(NamedTuple):
    """A difference of two metrics, its 95 % interval over users, and its p-value."""

    value: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Measured:
    """One metric of the m models that have it. A model's value is the mean over its seeds.

    Attributes
    ----------
    models : list of str, of length m
    by_seed : dict of ndarray of shape (n_seeds,)
        Metric of each fit over all users, by model.
    resampled : ndarray of shape (resamples, m)
        Metric on each resample of the users, the same resamples for all models and metrics.
    sums : UserSums
        Per-user sums of the metric, one column or mean per model.
    """

    models: list[str]
    by_seed: dict[str, NDArray[np.float64]]
    resampled: NDArray[np.float64]
    sums: UserSums

    @property
    def n_users(self) -> int:
        """Number of users with a value."""
        return int(np.count_nonzero(self.sums.weights))

    def value(self, *models: str) -> float:
        """Mean metric of some models."""
        return float(np.mean([self.by_seed[model].mean() for model in models]))

    def seed_sd(self, model: str) -> float:
        """Standard deviation over the seeds of a model; NaN for a single fit."""
        return seed_deviation(self.by_seed[model])

    def difference(self, models: Sequence[str], others: Sequence[str]) -> PairedDifference:
        """Mean metric of some models minus that of others, paired over users."""
        drawn = self._mean_resampled(models) - self._mean_resampled(others)
        low, high = percentile_interval(drawn)
        p_value = bootstrap_p_values(drawn, self.n_users)
        value = self.value(*models) - self.value(*others)
        return PairedDifference(value, float(low), float(high), float(p_value))

    def _mean_resampled(self, models: Sequence[str]) -> NDArray[np.float64]:
        columns = [self.models.index(model) for model in models]
        return np.asarray(self.resampled[:, columns].mean(axis=1))


def seed_deviation(values: NDArray[np.float64]) -> float:
    """Standard deviation of a metric over several fits; NaN for a single one."""
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan


def measure(
    tables: Sequence[pd.DataFrame],
    models: Sequence[str],
    resamples: int,
    seed: int,
    metrics: Sequence[str] = (*RATING, *RANKED, *UNCERTAINTY),
    names: Sequence[str] | None = None,
) -> dict[str, Measured]:
    """Measure each metric of the models that have it; metrics that no model has are omitted.

    Parameters
    ----------
    tables : sequence of DataFrame
        Per-user tables of the fits, as `evaluate` makes them, in any order of the users.
    models : sequence of str
        The model of each table.
    resamples : int
    seed : int
        The experiment's seed.
    metrics : sequence of str
        Metrics to measure; default: all.
    names : sequence of str, optional
        Name of each fit in error messages; default: its model.

    Raises
    ------
    UserError
        If the fits were not evaluated on the same users with the same numbers of ratings.
    """
    tables = _aligned(tables, models if names is None else names)
    every = list(range(len(tables)))
    predicting = [fit for fit in every if _has(tables[fit], "squared_error")]
    uncertain = [fit for fit in every if _has(tables[fit], WITHIN[0])]
    having = {**dict.fromkeys(RATING, predicting), **dict.fromkeys(UNCERTAINTY, uncertain)}
    by_seed, sums = {}, {}
    for metric in metrics:
        fits = having.get(metric, every)
        if not fits:
            continue
        model_of_fit = np.array([models[fit] for fit in fits])
        of_fits = user_sums(metric, [tables[fit] for fit in fits])
        values = of_fits.value()
        by_seed[metric] = {
            model: values[model_of_fit == model] for model in dict.fromkeys(model_of_fit.tolist())
        }
        own = model_of_fit[:, None] == np.array(list(by_seed[metric]))[None, :]
        sums[metric] = of_fits.averaged(own.astype(np.float64) / own.sum(axis=0))
    drawn = bootstrap(sums, resamples, stream(seed, "bootstrap")) if sums else {}
    return {
        metric: Measured(list(by_seed[metric]), by_seed[metric], drawn[metric], sums[metric])
        for metric in sums
    }


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
            # The full protocol may cover only a sample of the users, the same for all fits.
            has_value = ~np.isnan(values[:, 0])
            return UserSums(np.nan_to_num(values, copy=False), has_value.astype(np.float64))


def _has(table: pd.DataFrame, column: str) -> bool:
    return column in table and bool(table[column].notna().all())


def _aligned(tables: Sequence[pd.DataFrame], names: Sequence[str]) -> list[pd.DataFrame]:
    """Sort per-user tables by user; check that users and numbers of ratings are the same."""
    ordered = [
        # A sorted table is not copied, to save memory.
        table
        if table["user_id"].is_monotonic_increasing
        else table.sort_values("user_id", ignore_index=True)
        for table in tables
    ]
    counted = ["user_id", "n_ratings"]
    for name, table in zip(names, ordered, strict=True):
        if not table[counted].equals(ordered[0][counted]):
            raise UserError(
                f"{names[0]} and {name} were evaluated on different ratings: remove their "
                "evaluation folders and run again"
            )
    return ordered
