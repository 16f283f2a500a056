"""What each part of the content is worth, and whether any words would have done as well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from blendmf.evaluation.bootstrap import holm
from blendmf.evaluation.paired_rmse import PairedErrors
from blendmf.evaluation.user_metrics import seed_deviation
from blendmf.evaluation.verdict import SIGNIFICANCE
from blendmf.studies.placebo import Placebos, judge_placebos

FULL = "full"
"""Name of the arm in which nothing is changed."""

COLUMNS = [
    "arm",
    "role",
    "rmse",
    "rmse_seed_sd",
    "difference",
    "low",
    "high",
    "p_value",
    "p_holm",
    "seed_sd",
    "holds",
    "same_content",
]


class Fit(NamedTuple):
    """One fit of an arm: the arm's name, and its per-user table."""

    arm: str
    per_user: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Ablation:
    """The tables of an ablation.

    Attributes
    ----------
    table : DataFrame
        One row per arm, that of the full model first: `COLUMNS`, and ``rmse_seed_1`` and so on.
        ``difference`` is the arm's RMSE minus the full model's, paired over users, hence positive
        where the model needs what the arm took away; ``seed_sd`` is its standard deviation over
        seeds. ``p_holm`` is corrected among the arms that are no placebos and do change the
        content. A difference ``holds`` if its interval leaves out 0, the corrected p-value is
        below 0.05, and fits from other seeds do not differ by as much.
    placebos : Placebos or None
        None without placebo arms.
    """

    table: pd.DataFrame
    placebos: Placebos | None


def ablation(
    fits: Sequence[Fit],
    changed: Mapping[str, Mapping[str, Any]],
    content: Mapping[str, Any],
    resamples: int,
    seed: int,
) -> Ablation:
    """Compare every arm with the full model, and the full model with all placebos.

    Parameters
    ----------
    fits : sequence of Fit
        Those of the full model, whose arm is `FULL`, and of every arm; all on the same test part.
    changed : mapping
        What each arm changes, as `blendmf.config.variants.ablation_arms` has it.
    content : mapping
        The full model's ``content.json``.
    resamples : int
    seed : int
        The experiment's.
    """
    errors = PairedErrors(
        [fit.per_user for fit in fits], [fit.arm for fit in fits], resamples, seed
    )
    roles = {FULL: FULL} | {name: role_of(change) for name, change in changed.items()}
    deviation = {arm: seed_deviation(errors.by_seed(arm)) for arm in roles}
    rows = []
    for arm, role in roles.items():
        gap = [np.nan] * 4 if arm == FULL else errors.difference([arm], [FULL])
        same = _has_same_content(changed.get(arm, {}), content)
        own = (np.nan, np.hypot(deviation[arm], deviation[FULL]), False, same)
        values = (arm, role, errors.rmse([arm]), deviation[arm], *gap, *own)
        by_seed = enumerate(errors.by_seed(arm), start=1)
        rows.append(
            dict(zip(COLUMNS, values, strict=True))
            | {f"rmse_seed_{k}": rmse for k, rmse in by_seed}
        )
    table = pd.DataFrame(rows)
    table.loc[table["arm"] == FULL, "seed_sd"] = np.nan
    tested = ~table["role"].isin([FULL, "placebo"]) & ~table["same_content"]
    table.loc[tested, "p_holm"] = holm(table.loc[tested, "p_value"])
    within_seeds = table["difference"].abs() <= table["seed_sd"]
    outside = (table["low"] > 0) | (table["high"] < 0)
    table["holds"] = outside & (table["p_holm"] < SIGNIFICANCE) & ~within_seeds
    placebos = [arm for arm, role in roles.items() if role == "placebo"]
    none = next((arm for arm, role in roles.items() if role == "no content"), None)
    judged = judge_placebos(errors, FULL, placebos, none) if placebos else None
    return Ablation(table, judged)


def role_of(change: Mapping[str, Any]) -> str:
    """What an arm does: ``left out``, ``placebo``, ``no content`` or ``blend``."""
    if "content" in change:
        return "placebo" if "dealt" in change["content"] else "left out"
    return "blend" if "blend" in change["entry"] else "no content"


def _has_same_content(change: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    """Whether the parts that an arm leaves out have no word here, so that it changes nothing."""
    if "parts" not in change.get("content", {}):
        return False
    left_out = set(content["parts"]) - set(change["content"]["parts"])
    return not left_out & set(content["terms_by_part"])


def findings(found: Ablation) -> list[str]:
    """What an ablation shows, in words: a paragraph for each thing that was taken away."""
    full = float(found.table.loc[found.table["arm"] == FULL, "rmse"].item())
    by_role = {"no content": "", "left out": "", "blend": ""}
    for row in found.table.to_dict("records"):
        if row["role"] in by_role:
            by_role[row["role"]] += f" {_told(row)}"
    verdict = [found.placebos.verdict] if found.placebos else []
    return [*verdict, f"The full model's test RMSE is {full:.4f}." + "".join(by_role.values())]


def _told(row: Mapping[Any, Any]) -> str:
    arm = row["arm"]
    if row["same_content"]:
        return f"{arm}: no such content here, nothing is left out."
    finding = ("worse" if row["difference"] > 0 else "better") + " than the full model"
    if row["low"] <= 0 <= row["high"]:
        finding = "not told from the full model"
    elif not row["holds"]:
        finding = f"perhaps {finding}"
    return (
        f"{arm}: {finding}, {row['difference']:+.4f} (95 % interval {row['low']:+.4f} to "
        f"{row['high']:+.4f}, Holm-corrected p {row['p_holm']:.2g})."
    )
