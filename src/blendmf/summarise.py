"""The outcome of a run in words, from the run's own numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from blendmf.published import beside_published
from blendmf.readable import MISSING
from blendmf.restructured import (
    bullets,
    enumerated,
    escaped,
    list_table,
    literal,
    section,
    share_of,
)
from blendmf.verdict import best_of_kind, does_content_help, rmse_difference

FEW_USERS = 30
"""With fewer test users than this the bootstrap's intervals are rough."""

LEAKS = [
    "test_older_than_training_of_item",
    "test_item_known_only_from_future",
    "test_older_than_training_of_user",
]
"""What of the leakage audit a reader of the outcome should know, where it is not 0."""


@dataclass(frozen=True, eq=False)
class Results:
    """Everything that the outcome is drawn from; `results/README.md` describes the files.

    Attributes
    ----------
    table, metrics, differences : DataFrame
        The comparison of the models.
    rank_sweep : DataFrame
        Truncated SVD beside matrix factorisation.
    best : sequence of dict
        What each searched model's search chose.
    source, split, leakage : dict
        Facts of the data, its division and the leakage audit.
    models, evaluation, published : dict, dict, sequence of dict
        These blocks of the configuration.
    """

    table: pd.DataFrame
    metrics: pd.DataFrame
    differences: pd.DataFrame
    rank_sweep: pd.DataFrame
    best: Sequence[Mapping[str, Any]]
    source: Mapping[str, Any]
    split: Mapping[str, Any]
    leakage: Mapping[str, Any]
    models: Mapping[str, Mapping[str, Any]]
    evaluation: Mapping[str, Any]
    published: Sequence[Mapping[str, Any]]


def summarise(results: Results, dataset: str) -> str:
    """Tell what came of a run: the answer, the comparison, what to beware of, the data.

    Parameters
    ----------
    results : Results
    dataset : str
        Name of the data set.

    Returns
    -------
    str
        reStructuredText with sections underlined by hyphens.
    """
    rmse = results.table.set_index("model")["rmse"].dropna().sort_values(kind="stable")
    question = (
        f"How good can matrix factorisation get on {literal(dataset)}, "
        "and does blending in item content help?"
    )
    k = results.evaluation["k"]
    content = does_content_help(rmse, results.differences, results.models)
    parts = [
        section("Outcome", question, _best_model(results, rmse), content, _svd(results)),
        section("Comparison", _comparison_table(results), _denominators(results)),
        section("Beside published figures", *beside_published(results.table, results.published, k)),
        section("What to beware of", _warnings(results)),
        section("Data", _data(results, dataset), _split_table(results.split)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _best_model(results: Results, rmse: pd.Series) -> str:
    if rmse.empty:
        return "No model of this run predicts ratings, so there is no rating error to compare."
    best = str(rmse.index[0])
    metrics = results.metrics
    row = metrics[(metrics["model"] == best) & (metrics["metric"] == "rmse")].iloc[0]
    reached = (
        f"test RMSE {row['mean']:.4f} (95 % interval {row['low']:.4f} to {row['high']:.4f}, "
        f"{row['n_users']:,.0f} users"
    )
    if row["n_seeds"] > 1:
        reached += f"; standard deviation over {row['n_seeds']:.0f} seeds {row['seed_sd']:.4f}"
    if len(rmse) == 1:
        return f"**The only model that predicts ratings is** {literal(best)}: {reached})."
    return " ".join(
        [f"**The best model is** {literal(best)}: {reached}).", *_rivals(results, rmse)]
    )


def _rivals(results: Results, rmse: pd.Series) -> list[str]:
    """Who is not told apart from the best model, and how factorisation did if it is not best."""
    best, *others = (str(name) for name in rmse.index)
    close = [
        literal(name)
        for name in others
        if rmse_difference(results.differences, best, name).finding != "lower"
    ]
    sentences = []
    if close:
        sentences.append(f"It cannot safely be told apart from {enumerated(close)}.")
    if results.models[best]["kind"] not in ("mf", "mf-content"):
        factorised = [best_of_kind(rmse, results.models, kind) for kind in ("mf", "mf-content")]
        named = [f"{literal(name)} {rmse[name]:.4f}" for name in factorised if name]
        if named:
            sentences.append(f"Matrix factorisation is not the best here: {enumerated(named)}.")
    return sentences


def _svd(results: Results) -> str:
    """Truncated SVD against matrix factorisation, each at the rank that validation chooses."""
    chosen = results.rank_sweep.dropna(subset=["validation_rmse"])
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


def _comparison_table(results: Results) -> str:
    k = results.evaluation["k"]
    columns = {
        "mae": "MAE",
        "rated_precision_at_k": f"Precision\\@{k}, rated",
        "rated_recall_at_k": f"Recall\\@{k}, rated",
        "full_ndcg_at_k": f"NDCG\\@{k}, full",
        "full_coverage": "Coverage, full",
    }
    rows = [
        [
            literal(row["model"]),
            str(row["seeds"]),
            _number(row["rmse"]),
            _interval(row["rmse_low"], row["rmse_high"]),
            *(_number(row[column]) for column in columns),
        ]
        for _, row in results.table.iterrows()
    ]
    return list_table(["Model", "Seeds", "RMSE", "95 % interval", *columns.values()], rows)


def _number(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else MISSING


def _interval(low: float, high: float) -> str:
    return f"{low:.4f} to {high:.4f}" if np.isfinite(low) else MISSING


def _denominators(results: Results) -> str:
    n_users = results.metrics.groupby("metric")["n_users"].max()
    rated = n_users.get("rated_precision_at_k", n_users.max())
    return (
        f"RMSE and MAE: {results.split['parts']['test']['ratings']:,} test ratings, in rating "
        f"points; the interval is over the users. *Rated* ranks each of {rated:,} users' own test "
        "items, *full* the whole catalogue without what the user has in training and validation; "
        f"relevant is a rating of at least {results.evaluation['relevance_threshold']:g}, "
        "precision divides by the list's length, a user without relevant items counts 0. Coverage "
        "is the share of all items that anyone is recommended. A dash: the model predicts no "
        "ratings."
    )


def _warnings(results: Results) -> str:
    lines = [line for best in results.best for line in _search_warnings(best)]
    n_users = int(results.metrics["n_users"].max())
    if n_users < FEW_USERS:
        lines.append(f"Only {n_users} users have test ratings: the intervals are rough.")
    cold = results.leakage.get("test_item_cold", {})
    if cold.get("numerator"):
        lines.append(
            f"{share_of(cold['numerator'], cold['denominator'])} of the test ratings are of items "
            "without any training rating, which only content can tell apart."
        )
    for key in LEAKS:
        finding = results.leakage.get(key, {})
        if finding.get("numerator"):
            share = share_of(finding["numerator"], finding["denominator"])
            lines.append(f"{escaped(finding['meaning'])} Here: {share}.")
    if not lines:
        return "Nothing: no search ended at a bound of its space, and the audit found no leak."
    return bullets(lines)


def _search_warnings(best: Mapping[str, Any]) -> list[str]:
    model, trials = literal(best["model"]), best["trials"]
    lines = [
        f"The search of {model} ended at the {'upper' if met['bound'] == 'high' else 'lower'} "
        f"bound of {literal(met['parameter'])} ({met['value']:.4g}, the bound is "
        f"{met['limit']:.4g}): a better model may lie beyond, so widen the search space."
        for met in best["boundary"]
    ]
    if trials["failed"]:
        everything = trials["failed"] + trials["complete"]
        lines.append(
            f"{trials['failed']} of the {everything} trials of {model} failed: training diverged."
        )
    return lines


def _data(results: Results, dataset: str) -> str:
    counts, ratings = results.source["counts"], results.source["ratings"]
    low, high = results.source["rating_range"]
    text = (
        f"{literal(dataset)}: {counts['ratings']:,} ratings from {low:g} to {high:g} (mean "
        f"{ratings['mean']:.3f}) by {counts['users']:,} users of {counts['items_rated']:,} items, "
        f"{100 * counts['density']:.1f} % of all pairs; {counts['tags']:,} tags. "
        f"Split: {literal(results.split['scheme'])}."
    )
    dropped = [
        f"{found['count']:,} in {escaped(found['file'])} ({escaped(found['what'])})"
        for found in results.source["dropped"]
        if found["count"]
    ]
    return text + (f" Dropped: {'; '.join(dropped)}." if dropped else " Nothing was dropped.")


def _split_table(split: Mapping[str, Any]) -> str:
    names = {"train": "Training", "validation": "Validation", "test": "Test"}
    rows = [
        [title, *(f"{split['parts'][part][count]:,}" for count in ("ratings", "users", "items"))]
        for part, title in names.items()
    ]
    return list_table(["Part", "Ratings", "Users", "Items"], rows)
