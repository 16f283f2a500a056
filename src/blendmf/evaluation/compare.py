"""All models beside each other: their metrics with intervals, and whether they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.errors import UserError
from blendmf.evaluation.inference import (
    UserSums,
    bootstrap,
    bootstrap_p_value,
    holm,
    percentile_interval,
)
from blendmf.evaluation.ranking import METRICS
from blendmf.evaluation.strata import COLUMNS as STRATA
from blendmf.streams import stream

RATING = ("rmse", "mae", "user_rmse", "user_mae")
RANKED = tuple(f"{protocol}_{name}" for protocol in ("rated", "full") for name in METRICS)

WHOLE = ("coverage", "novelty")
"""Metrics of the full lists that are no average over users, hence have no interval."""

TESTED = (
    "rmse",
    "mae",
    "rated_precision_at_k",
    "rated_recall_at_k",
    "full_ndcg_at_k",
    "full_recall_at_k",
)
"""Metrics of which every pair of models is tested."""

HEADLINE = [
    "rmse",
    "rmse_low",
    "rmse_high",
    "mae",
    "rated_precision_at_k",
    "rated_recall_at_k",
    "rated_ndcg_at_k",
    "full_ndcg_at_k",
    "full_recall_at_k",
    "full_coverage",
]

ERRORS = ["rmse", "mae"]


@dataclass(frozen=True, eq=False)
class Run:
    """Evaluation of one model trained from one seed, as `evaluate` writes it."""

    model: str
    seed: int
    metrics: dict[str, Any]
    per_user: pd.DataFrame
    strata: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Comparison:
    """The tables of a comparison; ``results/README.md`` lists their columns.

    Attributes
    ----------
    metrics : DataFrame
        One row per model and metric. The interval is over users, `seed_sd` over seeds.
    differences : DataFrame
        One row per metric and pair of models: ``model_a - model_b``, paired over users.
    table : DataFrame
        One row per model, best RMSE first, models that predict no ratings last.
    strata : DataFrame
        The models' errors by stratum, averaged over seeds.
    """

    metrics: pd.DataFrame
    differences: pd.DataFrame
    table: pd.DataFrame
    strata: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Measured:
    """One metric of one model.

    Attributes
    ----------
    by_seed : ndarray of shape (n_seeds,)
        Over all users.
    resampled : ndarray of shape (resamples,)
        Mean over the seeds, on each resample of the users.
    """

    by_seed: NDArray[np.float64]
    resampled: NDArray[np.float64]


def compare(runs: Sequence[Run], resamples: int, seed: int) -> Comparison:
    """Compare models by paired bootstrap over the users of the test part.

    A model's value, on all users or on a resample of them, is the mean over its seeds, so that
    the intervals hold what users contribute and `seed_sd` what training does. p-values are
    Holm-corrected among the pairs of one metric: the smallest corrected p-value of m pairs is
    2 m / (resamples + 1), so that many models need more resamples to be told apart.

    Parameters
    ----------
    runs : sequence of Run
        In any order; all on the same test part.
    resamples : int
    seed : int
        The experiment's.

    Raises
    ------
    UserError
        If the runs were not evaluated on the same users.
    """
    ordered = sorted(runs, key=lambda run: (run.model, run.seed))
    measured = _measure(ordered, resamples, seed)
    metrics = _metrics_table(ordered, measured)
    return Comparison(metrics, _differences(measured), _headline(metrics), _strata(ordered))


def _measure(runs: list[Run], resamples: int, seed: int) -> dict[str, dict[str, Measured]]:
    """Each per-user metric of each model that has it."""
    tables = _aligned(runs)
    predicting = [k for k, table in enumerate(tables) if table["squared_error"].notna().all()]
    having = dict.fromkeys(RATING, predicting) | {name: range(len(runs)) for name in RANKED}
    sums = {
        name: _user_sums(name, [tables[k] for k in columns])
        for name, columns in having.items()
        if len(columns) > 0
    }
    drawn = bootstrap(sums, resamples, stream(seed, "bootstrap"))
    measured: dict[str, dict[str, Measured]] = {}
    for name, metric in sums.items():
        models = np.array([runs[k].model for k in having[name]])
        value = metric.value()
        measured[name] = {
            model: Measured(value[models == model], drawn[name][:, models == model].mean(axis=1))
            for model in dict.fromkeys(models.tolist())
        }
    return measured


def _aligned(runs: list[Run]) -> list[pd.DataFrame]:
    """Per-user tables of the runs, in one order of users."""
    tables = [_by_user(run.per_user) for run in runs]
    for run, table in zip(runs, tables, strict=True):
        if not table["user_id"].equals(tables[0]["user_id"]):
            raise UserError(
                f"models {runs[0].model} (seed {runs[0].seed}) and {run.model} (seed {run.seed}) "
                "were evaluated on different users: remove their evaluation folders and run again"
            )
    return tables


def _by_user(table: pd.DataFrame) -> pd.DataFrame:
    """The table itself where it is in order, which spares its copy."""
    in_order = table["user_id"].is_monotonic_increasing
    return table if in_order else table.sort_values("user_id", ignore_index=True)


def _user_sums(name: str, tables: list[pd.DataFrame]) -> UserSums:
    """Per-user sums of one metric, one column per table."""

    def columns(column: str) -> NDArray[np.float64]:
        return np.column_stack([table[column].to_numpy(dtype=np.float64) for table in tables])

    n_ratings = tables[0]["n_ratings"].to_numpy(dtype=np.float64)
    each_user = np.ones_like(n_ratings)
    match name:
        case "rmse":
            return UserSums(columns("squared_error"), n_ratings, root=True)
        case "mae":
            return UserSums(columns("absolute_error"), n_ratings)
        case "user_rmse":
            return UserSums(np.sqrt(columns("squared_error") / n_ratings[:, None]), each_user)
        case "user_mae":
            return UserSums(columns("absolute_error") / n_ratings[:, None], each_user)
        case _:
            values = columns(name)
            # The full protocol may have been applied to some users alone, the same in all runs.
            scored = ~np.isnan(values[:, 0])
            return UserSums(np.nan_to_num(values, copy=False), scored.astype(np.float64))


def _metrics_table(runs: list[Run], measured: dict[str, dict[str, Measured]]) -> pd.DataFrame:
    """Rows of ``metrics.csv``, by model and then in the order of the metrics."""
    per_user = runs[0].per_user
    rows = []
    for model in dict.fromkeys(run.model for run in runs):
        for metric, models in measured.items():
            if model in models:
                own = models[model]
                interval = percentile_interval(own.resampled)
                n_users = per_user[metric].count() if metric in RANKED else len(per_user)
                rows.append((model, metric, *_over_seeds(own.by_seed), *interval, n_users))
        for metric in WHOLE:
            values = [run.metrics["full"][metric] for run in runs if run.model == model]
            n_users = runs[0].metrics["full"]["n_users"]
            interval = (np.nan, np.nan)
            over_seeds = _over_seeds(np.array(values))
            rows.append((model, f"full_{metric}", *over_seeds, *interval, n_users))
    columns = ["model", "metric", "mean", "seed_sd", "n_seeds", "low", "high", "n_users"]
    table = pd.DataFrame(rows, columns=columns)
    return table[["model", "metric", "mean", "low", "high", "seed_sd", "n_seeds", "n_users"]]


def _over_seeds(values: NDArray[np.float64]) -> tuple[float, float, int]:
    """Mean, standard deviation (NaN for a single seed) and number of the seeds' values."""
    deviation = values.std(ddof=1) if len(values) > 1 else np.nan
    return float(values.mean()), float(deviation), len(values)


def _differences(measured: dict[str, dict[str, Measured]]) -> pd.DataFrame:
    """Rows of ``differences.csv``: every pair of models that both have the metric."""
    rows = []
    for metric in TESTED:
        pairs = list(combinations(measured.get(metric, {}).items(), 2))
        drawn = [of_a.resampled - of_b.resampled for (_, of_a), (_, of_b) in pairs]
        p_values = [bootstrap_p_value(differences) for differences in drawn]
        corrected = holm(p_values)
        for k, ((a, of_a), (b, of_b)) in enumerate(pairs):
            difference = float(of_a.by_seed.mean() - of_b.by_seed.mean())
            interval = percentile_interval(drawn[k])
            rows.append((metric, a, b, difference, *interval, p_values[k], corrected[k]))
    columns = ["metric", "model_a", "model_b", "difference", "low", "high", "p_value", "p_holm"]
    return pd.DataFrame(rows, columns=columns)


def _headline(metrics: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``table.csv``."""
    table = metrics.pivot_table(index="model", columns="metric", values="mean")
    rmse = metrics[metrics["metric"] == "rmse"].set_index("model")
    table = table.assign(rmse_low=rmse["low"], rmse_high=rmse["high"]).reindex(columns=HEADLINE)
    table.insert(0, "seeds", metrics.groupby("model")["n_seeds"].max())
    return table.sort_values("rmse", kind="stable").rename_axis(columns=None).reset_index()


def _strata(runs: list[Run]) -> pd.DataFrame:
    """Rows of the comparison's ``strata.csv``."""
    tables = pd.concat([run.strata.assign(model=run.model) for run in runs], ignore_index=True)
    bins = ["model", *(column for column in STRATA if column not in ERRORS)]
    by_bin = tables.groupby(bins, sort=False, dropna=False)
    return by_bin[ERRORS].mean().reset_index()
