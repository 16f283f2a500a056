"""Protocol audit: the same models evaluated under several protocols.

Each variant of the experiment changes the split or the content. The audit compares the models'
errors, what content adds, and how much of the future training knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from blendmf.common.wording import enumerated, p_value
from blendmf.evaluation.bootstrap import ROUNDING
from blendmf.evaluation.user_metrics import measure
from blendmf.evaluation.verdict import against

SHARES = [
    *("test_older_than_training_of_item", "test_item_known_only_from_future"),
    *("test_older_than_training_of_user", "test_item_cold"),
]
"""Shares of the leakage audit that depend on the split."""

TAG_SHARES = ["after_test_rating", "after_by_own_user"]
"""Shares of the uses of tags, for the tags that a variant's content uses."""

CHANGE = ["change", "change_low", "change_high", "change_p_value"]

AUDIT_COLUMNS = [
    *("arm", "scheme", "tags", "model"),
    *("rmse", "rmse_low", "rmse_high", "rmse_seed_sd", "rated_precision_at_k", "full_ndcg_at_k"),
    *("n_ratings", "n_users"),
    *("content_minus_plain", "content_low", "content_high", "content_p_holm", "content_finding"),
    *CHANGE,
    "change_seed_sd",
    *SHARES,
    *(f"tags_{share}" for share in TAG_SHARES),
]


@dataclass(frozen=True, eq=False)
class AuditedVariant:
    """Results of one variant of the experiment.

    `metrics` and `differences` are the tables of its comparison, `split`, `leakage` and `content`
    the facts of these steps, and `per_user` the per-user tables of each model's fits, by model.
    """

    name: str
    metrics: pd.DataFrame
    differences: pd.DataFrame
    split: Mapping[str, Any]
    leakage: Mapping[str, Mapping[str, Any]]
    content: Mapping[str, Any]
    per_user: Mapping[str, Sequence[pd.DataFrame]]


def audit(
    variants: Sequence[AuditedVariant],
    blended: str | None,
    plain: str | None,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Compare the variants, the unchanged experiment first.

    `blended` and `plain` are the models with and without content that are compared in every
    variant; None skips the comparison.

    Returns
    -------
    DataFrame
        One row per variant (``arm``) and model, columns `AUDIT_COLUMNS`, lowest RMSE first within
        a variant. ``content_minus_plain`` is the RMSE of `blended` minus that of `plain`, the same
        in all rows of a variant, and ``content_finding`` its verdict, such as ``better``.
        ``change`` is the model's RMSE minus its RMSE in the first variant, paired over users; only
        for variants with the same split, since other splits test other ratings.
        ``change_seed_sd`` is its standard deviation over seeds, missing for single fits. The
        shares are those of the leakage audit.
    """
    tables = [_rows(variant, blended, plain) for variant in variants]
    for variant, table in zip(variants[1:], tables[1:], strict=True):
        if variant.split == variants[0].split:
            _add_changes(table, variant, variants[0], resamples, seed)
    return pd.concat([table.reindex(columns=AUDIT_COLUMNS) for table in tables], ignore_index=True)


def _rows(variant: AuditedVariant, blended: str | None, plain: str | None) -> pd.DataFrame:
    means = variant.metrics.pivot_table("mean", "model", "metric").rename_axis(columns=None)
    table = means.reindex(columns=["rmse", "rated_precision_at_k", "full_ndcg_at_k"])
    rmse = variant.metrics[variant.metrics["metric"] == "rmse"].set_index("model")
    tags = "all_tags" if variant.content["tags"] == "all" else "train_only_tags"
    keys = {share: share for share in SHARES}
    keys |= {f"tags_{share}": f"{tags}_{share}" for share in TAG_SHARES}
    shares = {column: variant.leakage[key]["share"] for column, key in keys.items()}
    table = table.assign(
        arm=variant.name,
        scheme=variant.split["scheme"],
        tags=variant.content["tags"],
        rmse_low=rmse["low"],
        rmse_high=rmse["high"],
        rmse_seed_sd=rmse["seed_sd"],
        n_ratings=variant.split["parts"]["test"]["ratings"],
        n_users=variant.split["parts"]["test"]["users"],
        **{column: np.nan if share is None else share for column, share in shares.items()},
    )
    found = against(variant.differences, "rmse", plain).get(blended) if plain and blended else None
    if found:
        table = table.assign(
            content_minus_plain=found.value,
            content_low=found.low,
            content_high=found.high,
            content_p_holm=found.p_holm,
            content_finding=found.finding,
        )
    return table.sort_values("rmse", kind="stable").reset_index()


def _add_changes(
    table: pd.DataFrame, variant: AuditedVariant, first: AuditedVariant, resamples: int, seed: int
) -> None:
    """Add each model's paired difference from itself in the first variant."""
    with_rmse = set(table.loc[table["rmse"].notna(), "model"])
    models = [name for name in variant.per_user if name in first.per_user and name in with_rmse]
    fits = [
        (f"{name}/{model}", per_user)
        for name, of in (("here", variant), ("first", first))
        for model in models
        for per_user in of.per_user[model]
    ]
    if not fits:
        return
    names, tables = zip(*fits, strict=True)
    rmse = measure(tables, names, resamples, seed, ["rmse"])["rmse"]
    columns = [*CHANGE, "change_seed_sd"]
    table[columns] = np.nan
    for model in models:
        here, there = f"here/{model}", f"first/{model}"
        spread = np.hypot(rmse.seed_sd(here), rmse.seed_sd(there))
        table.loc[table["model"] == model, columns] = [*rmse.difference([here], [there]), spread]


def audit_findings(table: pd.DataFrame, blended: str | None, plain: str | None) -> list[str]:
    """Results of an audit in words: paragraphs of plain text, from the table of `audit`."""
    changes = table[(table["model"] == blended) & table["change"].notna()]
    paragraphs = [
        _effect_of_split(table, blended or plain),
        _best_models(table),
        _effect_of_content(table, blended, plain),
        _knowledge_of_the_future(table),
        *(_change(row) for _, row in changes.iterrows()),
    ]
    return [paragraph for paragraph in paragraphs if paragraph]


def _effect_of_split(table: pd.DataFrame, model: str | None) -> str:
    rows = table[(table["model"] == model) & table["rmse"].notna()]
    by_scheme = rows.drop_duplicates("scheme").sort_values("rmse", kind="stable")
    if len(by_scheme) < 2:
        return ""
    named = [
        f"{row['rmse']:.4f} under {row['scheme']} ({row['n_ratings']:,} test ratings)"
        for _, row in by_scheme.iterrows()
    ]
    spread = by_scheme["rmse"].max() - by_scheme["rmse"].min()
    return (
        f"The test RMSE of {model} is {enumerated(named)}, a range of {spread:.4f}. Each protocol "
        "tests other ratings, so figures are comparable within a protocol only."
    )


def _best_models(table: pd.DataFrame) -> str:
    best = table.dropna(subset="rmse").drop_duplicates("arm").set_index("arm")["model"]
    if len(best) < 2:
        return ""
    if len(set(best)) == 1:
        return f"The model with the lowest RMSE is {best.iloc[0]} in every variant."
    named = [f"{model} in {variant}" for variant, model in best.items()]
    return f"The model with the lowest RMSE differs between variants: {enumerated(named)}."


def _effect_of_content(table: pd.DataFrame, blended: str | None, plain: str | None) -> str:
    known = table.drop_duplicates("arm").dropna(subset="content_minus_plain")
    if known.empty:
        return ""
    named = [
        f"{row['content_finding']} in {row['arm']}, {row['content_minus_plain']:+.4f} "
        f"({row['content_low']:+.4f} to {row['content_high']:+.4f}, Holm-corrected "
        f"{p_value(row['content_p_holm'])})"
        for _, row in known.iterrows()
    ]
    return f"RMSE of {blended} compared with {plain}: {'; '.join(named)}."


def _knowledge_of_the_future(table: pd.DataFrame) -> str:
    by_scheme = table.drop_duplicates("arm").drop_duplicates("scheme")
    named = [
        f"{100 * row['test_older_than_training_of_item']:.1f} % under {row['scheme']}"
        for _, row in by_scheme.iterrows()
    ]
    return f"Test ratings older than some training rating of the same item: {enumerated(named)}."


def _change(row: pd.Series) -> str:
    """Effect of a variant with the same test ratings on the model with content."""
    low, high = row["change_low"], row["change_high"]
    if max(abs(low), abs(high)) <= ROUNDING:
        return f"{row['arm']}: nothing changes for {row['model']}; the data have no such content."
    finding, doubt = "lower" if high < 0 else "higher", ""
    if low <= 0 <= high:
        finding = "not significantly different"
    elif abs(row["change"]) <= row["change_seed_sd"]:
        finding, doubt = f"perhaps {finding}", "; fits from other seeds differ by as much"
    later = row["tags_after_test_rating"]
    tags = (
        "" if pd.isna(later) else f"; in {100 * later:.1f} % of its uses of tags the tag is newer"
    )
    return (
        f"{row['arm']} compared with the experiment, on the same test ratings: RMSE of "
        f"{row['model']} {finding}, {row['change']:+.4f} ({low:+.4f} to {high:+.4f}, "
        f"{p_value(row['change_p_value'])}){doubt}{tags}."
    )
