"""The same models under several protocols side by side: what the protocol is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from blendmf.evaluation.paired_rmse import PairedErrors
from blendmf.evaluation.user_metrics import seed_deviation
from blendmf.evaluation.verdict import Difference, against

SHARES = [
    "test_older_than_training_of_item",
    "test_item_known_only_from_future",
    "test_older_than_training_of_user",
    "test_item_cold",
]
"""Shares of the leakage audit that a protocol decides about."""

TAG_SHARES = ["after_test_rating", "after_by_own_user"]
"""Shares of the uses of tags, of those tags that the content of an arm is made of."""

COLUMNS = [
    "arm",
    "scheme",
    "tags",
    "model",
    "rmse",
    "rmse_low",
    "rmse_high",
    "rmse_seed_sd",
    "rated_precision_at_k",
    "full_ndcg_at_k",
    "n_ratings",
    "n_users",
    "content_minus_plain",
    "content_low",
    "content_high",
    "content_p_holm",
    "content_finding",
    "change",
    "change_low",
    "change_high",
    "change_p_value",
    "change_seed_sd",
    *SHARES,
    *(f"tags_{share}" for share in TAG_SHARES),
]


@dataclass(frozen=True, eq=False)
class AuditedArm:
    """One arm of the audit: what its experiment came to.

    Attributes
    ----------
    name : str
    metrics, differences : DataFrame
        The tables of its comparison.
    split, leakage, content : mapping
        Facts of its split, its leakage audit and its content.
    per_user : mapping of list of DataFrame
        Per-user tables of each model's fits, by model.
    """

    name: str
    metrics: pd.DataFrame
    differences: pd.DataFrame
    split: Mapping[str, Any]
    leakage: Mapping[str, Mapping[str, Any]]
    content: Mapping[str, Any]
    per_user: Mapping[str, Sequence[pd.DataFrame]]


def audit(
    arms: Sequence[AuditedArm], blended: str | None, plain: str | None, resamples: int, seed: int
) -> pd.DataFrame:
    """Set the arms beside each other.

    Parameters
    ----------
    arms : sequence of AuditedArm
        The experiment as it is, then each arm.
    blended, plain : str or None
        The model with content, and the one without that it is compared with in every arm.
    resamples : int
    seed : int
        The experiment's.

    Returns
    -------
    DataFrame
        One row per arm and model; `COLUMNS`. ``content_minus_plain`` is the difference in RMSE of
        the two models in that arm, the same in all its rows, and ``content_finding`` what may be
        said of it, such as ``better`` or ``not told apart``. ``change`` is the model's RMSE minus
        its RMSE in the first arm, paired over users, where both test the same ratings: under
        another split the ratings differ, and the difference would be theirs. ``change_seed_sd`` is
        its standard deviation over seeds, missing for single fits. The shares are of the leakage
        audit.
    """
    tables = [_rows(arm, blended, plain) for arm in arms]
    for arm, table in zip(arms[1:], tables[1:], strict=True):
        if arm.split == arms[0].split:
            _add_changes(table, arm, arms[0], resamples, seed)
    return pd.concat([table.reindex(columns=COLUMNS) for table in tables], ignore_index=True)


def _rows(arm: AuditedArm, blended: str | None, plain: str | None) -> pd.DataFrame:
    """Rows of one arm, the lowest RMSE first."""
    metrics = arm.metrics.set_index(["model", "metric"])
    means = arm.metrics.pivot_table("mean", "model", "metric").rename_axis(columns=None)
    table = means.reindex(columns=["rmse", "rated_precision_at_k", "full_ndcg_at_k"])
    of_rmse = metrics[metrics.index.get_level_values("metric") == "rmse"].droplevel("metric")
    table = table.assign(
        arm=arm.name,
        scheme=arm.split["scheme"],
        tags=arm.content["tags"],
        rmse_low=of_rmse["low"],
        rmse_high=of_rmse["high"],
        rmse_seed_sd=of_rmse["seed_sd"],
        n_ratings=arm.split["parts"]["test"]["ratings"],
        n_users=arm.split["parts"]["test"]["users"],
        **_shares(arm),
    )
    found = content_difference(arm.differences, blended, plain)
    if found:
        table = table.assign(
            content_minus_plain=found.value,
            content_low=found.low,
            content_high=found.high,
            content_p_holm=found.p_holm,
            content_finding=found.finding,
        )
    return table.sort_values("rmse", kind="stable").reset_index()


def content_difference(
    differences: pd.DataFrame, blended: str | None, plain: str | None
) -> Difference | None:
    """RMSE of the model with content minus that of the one without; None where one is missing."""
    if blended is None or plain is None:
        return None
    return against(differences, "rmse", plain).get(blended)


def _shares(arm: AuditedArm) -> dict[str, float]:
    choice = "all_tags" if arm.content["tags"] == "all" else "train_only_tags"
    keys = {share: share for share in SHARES}
    keys |= {f"tags_{share}": f"{choice}_{share}" for share in TAG_SHARES}
    shares = {column: arm.leakage[key]["share"] for column, key in keys.items()}
    return {column: np.nan if share is None else share for column, share in shares.items()}


def _add_changes(
    table: pd.DataFrame, arm: AuditedArm, first: AuditedArm, resamples: int, seed: int
) -> None:
    """Add each model's paired difference from itself in the first arm."""
    with_rmse = set(table.loc[table["rmse"].notna(), "model"])
    models = [name for name in arm.per_user if name in first.per_user and name in with_rmse]
    fits = [
        (side, model, per_user)
        for side, of_side in (("here", arm), ("first", first))
        for model in models
        for per_user in of_side.per_user[model]
    ]
    if not fits:
        return
    names = [f"{side}/{model}" for side, model, _ in fits]
    errors = PairedErrors([per_user for *_, per_user in fits], names, resamples, seed)
    columns = ["change", "change_low", "change_high", "change_p_value", "change_seed_sd"]
    table[columns] = np.nan
    for model in models:
        here, there = f"here/{model}", f"first/{model}"
        gap = errors.difference([here], [there])
        own, first_own = (seed_deviation(errors.by_seed(side)) for side in (here, there))
        table.loc[table["model"] == model, columns] = [*gap, np.hypot(own, first_own)]
