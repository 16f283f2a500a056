"""Comparison of all models: metrics with intervals, paired differences, headline table, strata."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from blendmf.config.models import Entry
from blendmf.evaluation.bootstrap import percentile_interval
from blendmf.evaluation.differences import differences_table
from blendmf.evaluation.strata import COUNTS, KEYS, VALUES
from blendmf.evaluation.user_metrics import UNCERTAINTY, Measured, measure, seed_deviation

WHOLE = ("coverage", "novelty")
"""Metrics of all full lists together; not means over users, so they have no interval."""

SCORED = ("n_ratings", "squared_error")
"""Sums over the scored ratings."""

SUMMED = ("n_ratings", "n_relevant", "squared_error", "absolute_error")
"""Columns of the per-user table that are sums, as those of the intervals are."""

MAX_WITHOUT_WORDS = 0.9
"""Share of items without words from which on their text says nothing about blending."""

HEADLINE = [
    *("rmse", "rmse_low", "rmse_high", "mae"),
    *("rated_precision_at_k", "rated_recall_at_k", "rated_ndcg_at_k"),
    *("full_ndcg_at_k", "full_recall_at_k", "full_coverage"),
]
"""Metrics of ``table.csv``."""


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
        One row per metric and pair of models, see `differences_table`.
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

    A model's value, on all users or on a resample of them, is the mean over its seeds: intervals
    cover the variation over users, `seed_sd` that over seeds. p-values are Holm-corrected among
    the pairs of one metric: the smallest corrected p-value of m pairs is 2 m / (resamples + 1), so
    more models need more resamples. Runs of one model and seed, on several folds, count as one:
    their users' errors are added, so that intervals know that folds share users.

    Parameters
    ----------
    runs : sequence of Run
        In any order; all on the same test part, or on the same folds.
    resamples : int
    seed : int
        The experiment's seed.

    Raises
    ------
    UserError
        If the runs were not evaluated on the same users with the same numbers of ratings.
    """
    ordered = [pooled(list(of_fit)) for _, of_fit in groupby(sorted(runs, key=_fit), _fit)]
    measured = measure(
        [run.per_user for run in ordered],
        [run.model for run in ordered],
        resamples,
        seed,
        names=[f"{run.model} (seed {run.seed})" for run in ordered],
    )
    metrics = _metrics_table(ordered, measured)
    compared = {name: of for name, of in measured.items() if name not in UNCERTAINTY}
    table = _headline(metrics).merge(_scored(ordered), on="model", how="left")
    return Comparison(metrics, differences_table(compared), table, _strata(ordered))


def _fit(run: Run) -> tuple[str, int]:
    return run.model, run.seed


def pooled(runs: Sequence[Run]) -> Run:
    """Runs of one fit on several folds as one, with the sums or means over the folds."""
    first = runs[0]
    if len(runs) == 1:
        return first
    tables = pd.concat([run.per_user for run in runs], ignore_index=True)
    by_user = tables.groupby("user_id", sort=True)
    sums = [name for name in tables if name in SUMMED or name in UNCERTAINTY]
    per_user = by_user.mean()
    per_user[sums] = by_user[sums].sum(min_count=1)
    rating = [run.metrics["rating"] for run in runs]
    scored = {key: sum(block[key] for block in rating) for key in SCORED} if all(rating) else None
    full = [run.metrics["full"] for run in runs]
    whole = {name: float(np.mean([block[name] for block in full])) for name in WHOLE}
    metrics = {"rating": scored, "full": whole | {"n_users": len(per_user)}}
    return Run(first.model, first.seed, metrics, per_user.reset_index(), _pooled_strata(runs))


def _pooled_strata(runs: Sequence[Run]) -> pd.DataFrame:
    """Strata of several folds: counts added, values averaged with the ratings of the bin."""
    strata = pd.concat([run.strata for run in runs], ignore_index=True)
    weighted = strata.copy()
    weighted[VALUES] = strata[VALUES].mul(strata["n_ratings"], axis=0)
    weights = strata[VALUES].notna().mul(strata["n_ratings"], axis=0)
    keys = [strata[name] for name in KEYS]
    totals = weighted.groupby(keys, sort=False, dropna=False)
    of_values = weights.groupby(keys, sort=False, dropna=False)
    means = totals[VALUES].sum(min_count=1) / of_values[VALUES].sum()
    return pd.concat([totals[COUNTS].sum(), means], axis=1).reset_index()


def _metrics_table(runs: list[Run], measured: dict[str, Measured]) -> pd.DataFrame:
    """Rows of ``metrics.csv``, by model and then in the order of the metrics."""
    bounds = {name: percentile_interval(of.resampled) for name, of in measured.items()}
    rows = []
    for model in dict.fromkeys(run.model for run in runs):
        own = []
        for metric, of in measured.items():
            if model in of.by_seed:
                low, high = (end[of.models.index(model)] for end in bounds[metric])
                own.append((metric, of.by_seed[model], low, high, of.n_users))
        full = [run.metrics["full"] for run in runs if run.model == model]
        own += [
            (f"full_{name}", np.array([f[name] for f in full]), np.nan, np.nan, full[0]["n_users"])
            for name in WHOLE
        ]
        for metric, values, low, high, n_users in own:
            mean, sd = float(values.mean()), seed_deviation(values)
            rows.append((model, metric, mean, low, high, sd, len(values), n_users))
    columns = ["model", "metric", "mean", "low", "high", "seed_sd", "n_seeds", "n_users"]
    return pd.DataFrame(rows, columns=columns)


def _headline(metrics: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``table.csv``."""
    table = metrics.pivot_table(index="model", columns="metric", values="mean")
    rmse = metrics[metrics["metric"] == "rmse"].set_index("model")
    table = table.assign(rmse_low=rmse["low"], rmse_high=rmse["high"]).reindex(columns=HEADLINE)
    table.insert(0, "seeds", metrics.groupby("model")["n_seeds"].max())
    return table.sort_values("rmse", kind="stable").rename_axis(columns=None).reset_index()


def _scored(runs: list[Run]) -> pd.DataFrame:
    """Scored ratings of each model that predicts ratings, and the mean sum of squared errors."""
    rows = [
        (run.model, *(run.metrics["rating"][key] for key in SCORED))
        for run in runs
        if run.metrics["rating"]
    ]
    scored = pd.DataFrame(rows, columns=["model", *SCORED])
    means = scored.groupby("model", as_index=False).mean()
    return means.astype({"n_ratings": "Int64"})


def has_enough_words(text: Mapping[str, Any]) -> bool:
    """Whether enough items have words to compare models of content; facts of ``content.json``."""
    return bool(text["items_without_terms"] <= MAX_WITHOUT_WORDS * text["items"])


def choosable(models: Mapping[str, Entry], text: Mapping[str, Any]) -> list[str]:
    """Models of which one may be the best: plain ones alone if too few items have words.

    `text` are the facts of ``content.json``. All models if none is plain.
    """
    plain = [name for name, entry in models.items() if not entry.uses_content]
    return list(models) if has_enough_words(text) or not plain else plain


def best_model(table: pd.DataFrame, among: Sequence[str]) -> str:
    """Model with the lowest RMSE among some, or with the highest NDCG if none predicts ratings.

    Parameters
    ----------
    table : DataFrame
        The table of the comparison.
    """
    of_models = table[table["model"].astype(str).isin(among)]
    predicting = of_models.dropna(subset="rmse")
    if len(predicting):
        ranked = predicting.sort_values("rmse", kind="stable")
    else:
        ranked = of_models.sort_values("full_ndcg_at_k", ascending=False, kind="stable")
    return str(ranked["model"].iloc[0])


def _strata(runs: list[Run]) -> pd.DataFrame:
    """Rows of the comparison's ``strata.csv``."""
    tables = pd.concat([run.strata.assign(model=run.model) for run in runs], ignore_index=True)
    by_bin = tables.groupby(["model", *KEYS, *COUNTS], sort=False, dropna=False)
    return by_bin[VALUES].mean().reset_index()
