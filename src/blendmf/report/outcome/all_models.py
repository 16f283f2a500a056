"""The table of all models, with what each was given to be good, and what its figures count."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from blendmf.common.wording import enumerated
from blendmf.report.number_format import MISSING
from blendmf.report.outcome.results import Results
from blendmf.report.rst import list_table, literal


def comparison_table(results: Results) -> str:
    """One row per model, the lowest RMSE first, with the trials of its search."""
    k = results.evaluation.k
    columns = {
        "mae": "MAE",
        "rated_precision_at_k": f"Precision\\@{k}, rated",
        "rated_recall_at_k": f"Recall\\@{k}, rated",
        "full_ndcg_at_k": f"NDCG\\@{k}, full",
        "full_coverage": "Coverage, full",
    }
    trials = {found["model"]: str(found["budget"]["trials"]) for found in results.best}
    rows = [
        [
            literal(row["model"]),
            _number(row["rmse"]),
            _interval(row["rmse_low"], row["rmse_high"]),
            *(_number(row[column]) for column in columns),
            trials.get(row["model"], MISSING),
            str(row["seeds"]),
        ]
        for _, row in results.table.iterrows()
    ]
    header = ["Model", "RMSE", "95 % interval", *columns.values(), "Trials", "Seeds"]
    return list_table(header, rows)


def _number(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else MISSING


def _interval(low: float, high: float) -> str:
    return f"{low:.4f} to {high:.4f}" if np.isfinite(low) else MISSING


def budgets(best: Sequence[Mapping[str, Any]]) -> str:
    """What each model's search was given, and whether all were given the same."""
    if not best:
        return "No model was searched: all settings are as configured."
    trials = {found["model"]: found["budget"]["trials"] for found in best}
    epochs = {found["budget"]["epochs"] for found in best} - {None}
    if len(set(trials.values())) == 1:
        given = f"had the same budget, {next(iter(trials.values()))} trials"
    else:
        each = enumerated([f"{literal(model)} {number}" for model, number in trials.items()])
        given = f"had budgets of their own: {each}"
    length = (
        f", of at most {enumerated([str(n) for n in sorted(epochs)])} epochs each where training "
        "goes by epochs"
        if epochs
        else ""
    )
    return (
        f"All models with a number under *Trials* were searched on the validation part alone and "
        f"{given}{length}."
    )


def denominators(results: Results) -> str:
    """What the figures of the table count and divide by."""
    n_users = results.metrics.groupby("metric")["n_users"].max()
    rated = n_users.get("rated_precision_at_k", n_users.max())
    full = n_users.get("full_ndcg_at_k", rated)
    some = f" (for {full:,} of them, drawn at random)" if full < rated else ""
    return (
        f"RMSE and MAE: {results.split['parts']['test']['ratings']:,} test ratings, in rating "
        f"points; the interval is over the users. *Rated* ranks each of {rated:,} users' own test "
        f"items, *full* the whole catalogue{some} without what the user has in training and "
        "validation; relevant is a rating of at least "
        f"{results.evaluation.relevance_threshold:g}, "
        "precision divides by the list's length, a user without relevant items counts 0. Items of "
        "one score stand in the order of their ids, which may itself tell how popular they are: a "
        "model that gives all items one score is not one that ranks by chance. Coverage "
        f"is the share of all items that any of {full:,} users is recommended. A dash: the model "
        "predicts no ratings, or was not searched."
    )
