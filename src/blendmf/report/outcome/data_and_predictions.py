"""Sections on the data, the prediction intervals, truncated SVD and published results."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from blendmf.evaluation.rating_metrics import LEVELS
from blendmf.report.number_format import or_dash
from blendmf.report.outcome.results import Results
from blendmf.report.rst import escaped, free_text, list_table, literal

OWN_COLUMNS = {
    "model": "system",
    "rmse": "rmse",
    "mae": "mae",
    "rated_precision_at_k": "precision",
    "rated_recall_at_k": "recall",
}
METRICS = ["rmse", "mae", "precision", "recall"]


def data_section(source: Mapping[str, Any], split: Mapping[str, Any], dataset: str) -> list[str]:
    """Counts of the data, the split and what was dropped; a table of the parts.

    `source` and `split` are ``data/source.json`` and ``split/split.json``.
    """
    counts, ratings = source["counts"], source["ratings"]
    low, high = source["rating_range"]
    described = counts["users_described"]
    people = f"; {described:,} users described" if described else ""
    text = (
        f"{literal(dataset)}: {counts['ratings']:,} ratings from {low:.10g} to {high:.10g} (mean "
        f"{ratings['mean']:.3f}) by {counts['users']:,} users of {counts['items_rated']:,} items, "
        f"{100 * counts['density']:.1f} % of all pairs; {counts['tags']:,} tags{people}. "
        f"Split: {literal(split['scheme'])}."
    )
    dropped = [
        f"{found['count']:,} in {escaped(found['file'])} ({escaped(found['what'])})"
        for found in source["dropped"]
        if found["count"]
    ]
    rows = [
        [part.title(), *(f"{split['parts'][key][n]:,}" for n in ("ratings", "users", "items"))]
        for part, key in (("training", "train"), ("validation",) * 2, ("test",) * 2)
    ]
    return [
        text + (f" Dropped: {'; '.join(dropped)}." if dropped else " Nothing was dropped."),
        list_table(["Part", "Ratings", "Users", "Items"], rows),
    ]


def interval_section(results: Results) -> list[str]:
    """Coverage of each model's prediction intervals; empty if no model has intervals."""
    metrics = results.metrics.set_index(["model", "metric"])
    percents = [round(100 * level) for level in LEVELS]
    rows = []
    for name in results.rmse.index:
        if (name, f"within_{percents[0]}") not in metrics.index:
            continue
        row = [literal(name)]
        for percent in percents:
            mean, low, high = (
                100 * metrics.loc[(name, f"within_{percent}"), ["mean", "low", "high"]]
            )
            row.append(f"{mean:.1f} % ({low:.1f} to {high:.1f})")
        rows.append([*row, f"{metrics.loc[(name, 'width_90'), 'mean']:.2f}"])
    if not rows:
        return []
    header = ["Model", *(f"In {percent} % intervals" for percent in percents), "Width of 90 %"]
    return [
        "These models give an interval with each predicted rating. The table shows the share of "
        "test ratings that lie in their intervals (in brackets the 95 % interval over users):",
        list_table(header, rows),
        "Widths are averages in rating points. The number of predicted standard deviations that "
        "an interval spans was set on the validation ratings.",
    ]


def svd_sentence(rank_sweep: pd.DataFrame) -> str:
    """Truncated SVD and factorisation at the ranks chosen by validation; empty without both."""
    chosen = rank_sweep.dropna(subset=["validation_rmse"])
    chosen = chosen.loc[chosen.groupby("method")["validation_rmse"].idxmin()].set_index("method")
    if not {"svd", "mf"} <= set(chosen.index):
        return ""
    svd, mf = chosen.loc["svd"], chosen.loc["mf"]
    gap = svd["test_rmse"] - mf["test_rmse"]
    return (
        f"**Truncated SVD** of the bias-centred matrix is best on validation at rank "
        f"{svd['rank']:.0f} and reaches test RMSE {svd['test_rmse']:.4f}; matrix factorisation is "
        f"best at rank {mf['rank']:.0f} and reaches {mf['test_rmse']:.4f}, {abs(gap):.4f} "
        f"{'lower' if gap > 0 else 'higher'} (one fit for each rank)."
    )


def published_section(
    table: pd.DataFrame, published: Sequence[Mapping[str, Any]], k: int
) -> list[str]:
    """Table of the run's models and of published results, and how to read it; empty without these.

    Rows are ordered by ascending RMSE, those without RMSE last. `table` is the comparison of the
    models; each entry of `published` has a `system` and any of `rmse`, `mae`, `precision`, `recall`
    and `note`; `k` is the length of the ranked lists.
    """
    if not published:
        return []
    own = table.rename(columns=OWN_COLUMNS)
    own["system"] = [f"**{name}**" for name in own["system"]]
    others = pd.DataFrame(published).reindex(columns=["system", *METRICS])
    others["system"] = [
        free_text(f"{one['system']} ({one['note']})" if one.get("note") else one["system"])
        for one in published
    ]
    number = dict.fromkeys(METRICS, "float64")
    both = pd.concat([part[["system", *METRICS]].astype(number) for part in (own, others)])
    rows = [
        [system, *map(or_dash, figures)]
        for system, *figures in both.sort_values("rmse", kind="stable").itertuples(index=False)
    ]
    header = ["System", "RMSE", "MAE", f"Precision\\@{k}, rated", f"Recall\\@{k}, rated"]
    return [
        list_table(header, rows),
        "Bold: models of this run. All others are quoted from the configuration "
        f"({literal('published')}); they are comparable only if they were measured on the same "
        "split and in the same way.",
    ]
