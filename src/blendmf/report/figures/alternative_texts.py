"""Alternative texts of the data set's figures: the finding in one or two sentences."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from blendmf.common.wording import enumerated
from blendmf.evaluation.verdict import against
from blendmf.report.figures.ratings import TOP_SHARE, item_counts, rating_shares, share_of_top_items
from blendmf.report.figures.strata import STRATA, by_bin, highlighted
from blendmf.report.outcome.data_and_predictions import svd_sentence
from blendmf.report.outcome.findings import finding_sentence
from blendmf.report.rst import plain

MOST_NAMES = 3
"""Number of models that a text names with their values."""


def ratings_text(train: pd.DataFrame, validation: pd.DataFrame, test: pd.DataFrame) -> str:
    """The most frequent rating, and how the ratings concentrate on few items."""
    shares = rating_shares(train["rating"].to_numpy())
    n_top, top_share = share_of_top_items(item_counts((train, validation, test)))
    frequent = ""
    if len(shares):
        value, share = shares.idxmax(), shares.max()
        frequent = f"The most frequent rating in training is {value:g} ({share:.0%}). "
    return (
        f"Distribution of the ratings. {frequent}The {n_top:,} most rated items, {TOP_SHARE:.0%} "
        f"of all, hold {top_share:.0%} of the ratings."
    )


def rank_sweep_text(rank_sweep: pd.DataFrame) -> str:
    """Truncated SVD and factorisation at the ranks that validation chooses."""
    return f"RMSE and seconds to fit by rank. {plain(svd_sentence(rank_sweep))}".strip()


def comparison_text(metrics: pd.DataFrame, differences: pd.DataFrame) -> str:
    """The model with the lowest test RMSE, and the models that may be as good."""
    errors = metrics[metrics["metric"] == "rmse"].dropna(subset="mean").set_index("model")
    start = "All models on five metrics."
    if errors.empty:
        return f"{start} No model predicts ratings."
    best = str(errors["mean"].idxmin())
    row = errors.loc[best]
    text = (
        f"{start} Of {len(errors)} models that predict ratings, {best} has the lowest test RMSE, "
        f"{row['mean']:.4f} (95 % interval {row['low']:.4f} to {row['high']:.4f})"
    )
    found = against(differences, "rmse", best)
    close = [name for name, one in found.items() if one.finding != "worse"]
    if close:
        return f"{text}; it is not safely distinguishable from {enumerated(close)}."
    return f"{text}; all others are worse." if found else f"{text}."


def differences_text(
    differences: pd.DataFrame, metrics: pd.DataFrame, reference: str | None, blended: str | None
) -> str:
    """Which models are better or worse than the reference, and by how much the blended one is."""
    found = against(differences, "rmse", reference) if reference else {}
    if not reference or not found:
        return "There are no two models to compare."
    text = plain(finding_sentence(found, "test RMSE", reference))
    if blended not in found:
        return text
    one = found[blended]
    rmse = metrics[metrics["metric"] == "rmse"].set_index("model")["mean"]
    excludes = "contains" if one.low <= 0 <= one.high else "excludes"
    return (
        f"{text} {blended} has a test RMSE of {rmse[blended]:.4f}, "
        f"{'lower' if one.value < 0 else 'higher'} than the {rmse[reference]:.4f} of {reference}; "
        f"the 95 % interval of the difference, {one.low:+.4f} to {one.high:+.4f}, {excludes} 0."
    )


def cold_start_text(strata: pd.DataFrame, kinds: Mapping[str, str]) -> str:
    """Errors of the highlighted models for the items with the fewest and the most ratings."""
    errors = by_bin(strata, "cold-start", "rmse")
    start = "Test RMSE by the number of training ratings of the item."
    shown = errors.reindex([name for name in highlighted(strata, kinds) if name in errors.index])
    shown = shown.dropna(axis=1, how="all")
    if shown.empty:
        return f"{start} There is nothing to compare."
    ends = dict.fromkeys((shown.columns[0], shown.columns[-1]))
    parts = [f"{_named(shown[name])} for items with {name} training ratings" for name in ends]
    return f"{start} {'; '.join(parts)}."


def strata_text(strata: pd.DataFrame, k: int) -> str:
    """The lowest error and the highest NDCG for users with the shortest and longest histories."""
    sentences = []
    for value, title, best in (
        ("rmse", "lowest test RMSE", "min"),
        ("full_ndcg_at_k", f"highest NDCG@{k}", "max"),
    ):
        table = by_bin(strata, "user-history", value).dropna(axis=1, how="all")
        if table.empty:
            continue
        ends = dict.fromkeys((table.columns[0], table.columns[-1]))
        parts = [
            f"{getattr(table[name], f'idx{best}')()} ({getattr(table[name], best)():.3f}) for "
            f"users with {name} training ratings"
            for name in ends
        ]
        sentences.append(f"The {title} is that of {enumerated(parts)}.")
    shown = enumerated([label for name, label in STRATA.items() if name in set(strata["stratum"])])
    return " ".join([f"Errors and ranked lists by {shown}.", *sentences])


def _named(values: pd.Series) -> str:
    """The lowest values with their names, in ascending order."""
    ordered = values.dropna().sort_values(kind="stable")[:MOST_NAMES]
    assert np.isfinite(ordered).all()
    return enumerated([f"{name} {value:.2f}" for name, value in ordered.items()])
