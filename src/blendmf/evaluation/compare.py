"""All models beside each other: their metrics with intervals, and whether they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.evaluation.bootstrap import percentile_interval
from blendmf.evaluation.differences import differences_table
from blendmf.evaluation.strata import COUNTS, KEYS, VALUES
from blendmf.evaluation.user_metrics import UNCERTAINTY, Measured, aligned, measure, seed_deviation

WHOLE = ("coverage", "novelty")
"""Metrics of the full lists that are no average over users, hence have no interval."""

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
        One row per metric and pair of models, as `differences_table` has them.
    table : DataFrame
        One row per model, best RMSE first, models that predict no ratings last.
    strata : DataFrame
        The models' metrics by stratum, averaged over seeds.
    """

    metrics: pd.DataFrame
    differences: pd.DataFrame
    table: pd.DataFrame
    strata: pd.DataFrame


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
        If the runs were not evaluated on the same users, with as many ratings each.
    """
    ordered = sorted(runs, key=lambda run: (run.model, run.seed))
    names = [f"{run.model} (seed {run.seed})" for run in ordered]
    tables = aligned([run.per_user for run in ordered], names)
    measured = measure(tables, [run.model for run in ordered], resamples, seed)
    metrics = _metrics_table(ordered, measured)
    compared = {name: of for name, of in measured.items() if name not in UNCERTAINTY}
    return Comparison(metrics, differences_table(compared), _headline(metrics), _strata(ordered))


def _metrics_table(runs: list[Run], measured: dict[str, Measured]) -> pd.DataFrame:
    """Rows of ``metrics.csv``, by model and then in the order of the metrics."""
    bounds = {
        metric: np.column_stack(percentile_interval(of_metric.resampled))
        for metric, of_metric in measured.items()
    }
    rows = []
    for model in dict.fromkeys(run.model for run in runs):
        for metric, of_metric in measured.items():
            if model in of_metric.models:
                place = of_metric.models.index(model)
                over_seeds = _over_seeds(of_metric.by_seed[place])
                rows.append((model, metric, *over_seeds, *bounds[metric][place], of_metric.n_users))
        for metric in WHOLE:
            values = [run.metrics["full"][metric] for run in runs if run.model == model]
            n_users = runs[0].metrics["full"]["n_users"]
            over_seeds = _over_seeds(np.array(values))
            rows.append((model, f"full_{metric}", *over_seeds, np.nan, np.nan, n_users))
    columns = ["model", "metric", "mean", "seed_sd", "n_seeds", "low", "high", "n_users"]
    table = pd.DataFrame(rows, columns=columns)
    return table[["model", "metric", "mean", "low", "high", "seed_sd", "n_seeds", "n_users"]]


def _over_seeds(values: NDArray[np.float64]) -> tuple[float, float, int]:
    """Mean, standard deviation (NaN for a single seed) and number of the seeds' values."""
    return float(values.mean()), seed_deviation(values), len(values)


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
    by_bin = tables.groupby(["model", *KEYS, *COUNTS], sort=False, dropna=False)
    return by_bin[VALUES].mean().reset_index()
