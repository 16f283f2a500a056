"""Names of columns and metrics for people: the same in tables, figures and sentences."""

from blendmf.evaluation.metrics import METRICS as RANKING_METRICS

RANKING = {
    **{name: metric.label for name, metric in RANKING_METRICS.items()},
    "coverage": "Coverage",
    "novelty": "Novelty",
}
"""Metrics of ranked lists, by their name without the protocol."""

METRICS = {
    "rmse": "RMSE",
    "mae": "MAE",
    "user_rmse": "RMSE, mean over users",
    "user_mae": "MAE, mean over users",
}
"""Metrics of predicted ratings."""

COLUMNS = {
    "arm": "Variant",
    "as_expected": "As expected",
    "asked_by_used": "Asked / used",
    "asked_mb": "Memory asked, MB",
    "asked_minutes": "Time asked, min",
    "best_epoch": "Best epoch",
    "bin": "Bin",
    "changes_with_test": "Changes with test",
    "changes_with_training": "Changes with training",
    "changes_with_validation": "Changes with validation",
    "difference": "Difference",
    "dataset": "Data set",
    "download_mb": "Download, MB",
    "effect_size": "Effect size d",
    "finalist_mean": "Mean of repeated fits",
    "finding": "Finding for A",
    "fit_seconds": "Fit, s",
    "high": "95 % high",
    "item_id": "Item",
    "low": "95 % low",
    "model_a": "Model A",
    "model_b": "Model B",
    "n_items": "Items",
    "n_ratings": "Ratings",
    "n_users": "Users",
    "number": "Trial",
    "p_holm": "p, corrected",
    "p_value": "p, this pair alone",
    "peak_mb": "Memory, MB",
    "rating_high": "90 % high",
    "rating_low": "90 % low",
    "relative_percent": "Difference, %",
    "rmse_high": "RMSE, 95 % high",
    "rmse_low": "RMSE, 95 % low",
    "seed_sd": "S.d. over seeds",
    "share_a_better": "Users for whom A is better",
    "used_mb": "Memory used, MB",
    "used_minutes": "Time used, min",
    "user_id": "User",
    "value": "Validation score",
}
"""Columns that are not metrics and whose name would not read well."""


def label(name: str, k: int | None = None) -> str:
    """Name of a column or metric for people, such as ``Precision@10, rated``.

    Parameters
    ----------
    name : str
        Its name in the files.
    k : int, optional
        Length of the ranked lists; default: the letter k.
    """
    if name in METRICS:
        return METRICS[name]
    protocol, _, metric = name.partition("_")
    if protocol in ("rated", "full") and metric in RANKING:
        return f"{RANKING[metric].format(k='k' if k is None else k)}, {protocol}"
    return COLUMNS.get(name) or name.replace("_", " ").strip().capitalize()
