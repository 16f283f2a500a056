"""The table of all models, their search budgets, and how the metrics are computed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from blendmf.common.wording import enumerated
from blendmf.report.number_format import MISSING, or_dash
from blendmf.report.outcome.results import Results
from blendmf.report.rst import list_table, literal


def comparison_table(results: Results) -> str:
    """One row per model, by ascending RMSE, with the number of trials of its search."""
    k = results.evaluation.k
    columns = {
        "mae": "MAE",
        "rated_precision_at_k": f"Precision\\@{k}, rated",
        "rated_recall_at_k": f"Recall\\@{k}, rated",
        "full_ndcg_at_k": f"NDCG\\@{k}, full",
        "full_coverage": "Coverage, full",
    }
    trials = {found["model"]: str(found["budget"]["trials"]) for found in results.best}
    vacuous = results.vacuous
    rows = [
        [
            literal(row["model"]),
            or_dash(row["rmse"]),
            _interval(row["rmse_low"], row["rmse_high"]),
            *(MISSING if column in vacuous else or_dash(row[column]) for column in columns),
            trials.get(row["model"], MISSING),
            str(row["seeds"]),
        ]
        for _, row in results.table.iterrows()
    ]
    header = ["Model", "RMSE", "95 % interval", *columns.values(), "Trials", "Seeds"]
    return list_table(header, rows)


def _interval(low: float, high: float) -> str:
    return f"{low:.4f} to {high:.4f}" if np.isfinite(low) else MISSING


def budgets(best: Sequence[Mapping[str, Any]]) -> str:
    """Search budget of each model, and whether all budgets are the same."""
    if not best:
        return "No model was searched: all settings are as configured."
    trials = {found["model"]: found["budget"]["trials"] for found in best}
    epochs = {found["budget"]["epochs"] for found in best} - {None}
    if len(set(trials.values())) == 1:
        given = f"with the same budget, {next(iter(trials.values()))} trials"
    else:
        each = enumerated([f"{literal(model)} {number}" for model, number in trials.items()])
        given = f"with different numbers of trials: {each}"
    most = enumerated([str(number) for number in sorted(epochs)])
    length = f", of at most {most} epochs each if the model is trained by epochs" if epochs else ""
    return (
        "All models with a number under *Trials* were searched on the validation part alone, "
        f"{given}{length}."
    )


def denominators(results: Results) -> str:
    """What each metric of the table counts and divides by."""
    n_users = results.metrics.groupby("metric")["n_users"].max()
    rated = n_users.get("rated_precision_at_k", n_users.max())
    full = n_users.get("full_ndcg_at_k", rated)
    threshold = results.evaluation.for_data(results.source).relevance_threshold
    some = f" (for {full:,} of them, drawn at random)" if full < rated else ""
    return (
        f"RMSE and MAE: {results.split['parts']['test']['ratings']:,} test ratings, in rating "
        f"points; the interval is over users. *Rated* ranks the test items of each of {rated:,} "
        f"users, *full* the whole catalogue{some} without the items that the user has in training "
        f"and validation. An item is relevant if its rating is at least {threshold:g}. "
        "Precision divides by the length of the list; a user without relevant items counts as 0. "
        "Items with equal scores are ordered by id, which may itself carry popularity, so a model "
        "that gives all items one score does not rank at random. Coverage is the share of all "
        f"items that are recommended to any of {full:,} users. A dash: the model predicts no "
        "ratings, or was not searched."
    )
