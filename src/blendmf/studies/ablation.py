"""Ablation: what each part of the content contributes, and whether random content does as well.

Variants of one model leave out a part of the content, or all of it, or blend it differently.
Placebo variants keep the content but assign it to the wrong items.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from blendmf.evaluation.bootstrap import holm
from blendmf.evaluation.user_metrics import Measured, measure
from blendmf.evaluation.verdict import SIGNIFICANCE

FULL = "full"
"""Name and role of the unchanged model."""


class Placebos(NamedTuple):
    """Test RMSE with the true content compared with the distribution over placebos.

    `mean`, `sd` (None for a single one), `lowest` and `highest` are over the placebos, of which
    `n_beaten` have a higher RMSE than the `true_content`. `p_value` is the permutation p-value of
    the null hypothesis that content of other items does as well, (1 + placebos that are as good or
    better) / (1 + placebos), and `smallest_p_value` its smallest possible value. `distance` is the
    placebos' mean minus the true content's RMSE, divided by `sd`; None if that is None or 0.
    `difference` is the true content minus the placebos' mean, paired over users, from `low` to
    `high` its 95 % interval. `without_content` is None without such a variant; `verdict` is the
    result in words.

    References
    ----------
    B. Phipson and G. Smyth, "Permutation p-values should never be zero", Statistical Applications
    in Genetics and Molecular Biology 9(1), 2010.
    """

    n_placebos: int
    mean: float
    sd: float | None
    lowest: float
    highest: float
    true_content: float
    n_beaten: int
    p_value: float
    smallest_p_value: float
    distance: float | None
    difference: float
    low: float
    high: float
    without_content: float | None
    verdict: str


class Ablation(NamedTuple):
    """The results of an ablation; `placebos` is None without placebos.

    `table` has one row per variant, the full model first: ``arm`` (its name), ``role``, ``rmse``,
    ``rmse_seed_sd``, ``difference``, ``low``, ``high``, ``p_value``, ``p_holm``, ``seed_sd``,
    ``holds``, ``same_content``, and ``rmse_seed_1`` and so on. ``difference`` is the variant's RMSE
    minus the full model's, paired over users: positive if the model needs what the variant removes.
    ``seed_sd`` is its standard deviation over seeds. ``p_holm`` is corrected among the variants
    except placebos and those with ``same_content``, where the parts left out have no terms. A
    difference ``holds`` if its interval excludes 0, the corrected p-value is below 0.05, and it
    exceeds ``seed_sd``.
    """

    table: pd.DataFrame
    placebos: Placebos | None


def ablation(
    names: Sequence[str],
    per_user: Sequence[pd.DataFrame],
    changes: Mapping[str, Mapping[str, Any]],
    content: Mapping[str, Any],
    resamples: int,
    seed: int,
) -> Ablation:
    """Compare every variant with the full model, and the full model with all placebos.

    Parameters
    ----------
    names : sequence of str
        Variant of each fit; `FULL` for the full model.
    per_user : sequence of DataFrame
        Per-user table of each fit; all on the same test part.
    changes : mapping
        What each variant changes, see `blendmf.config.variants.ablation_variants`.
    content : mapping
        The full model's ``content.json``.
    seed : int
        The experiment's seed.
    """
    rmse = measure(per_user, names, resamples, seed, ["rmse"])["rmse"]
    roles = {FULL: FULL} | {name: role_of(change) for name, change in changes.items()}
    rows = []
    for name, role in roles.items():
        gap = [np.nan] * 4 if name == FULL else rmse.difference([name], [FULL])
        spread = np.hypot(rmse.seed_sd(name), rmse.seed_sd(FULL))
        rows.append(
            {
                "arm": name,
                "role": role,
                "rmse": rmse.value(name),
                "rmse_seed_sd": rmse.seed_sd(name),
                **dict(zip(("difference", "low", "high", "p_value"), gap, strict=True)),
                "p_holm": np.nan,
                "seed_sd": np.nan if name == FULL else spread,
                "holds": False,
                "same_content": _has_same_content(changes.get(name, {}), content),
                **{f"rmse_seed_{k}": one for k, one in enumerate(rmse.by_seed[name], start=1)},
            }
        )
    table = pd.DataFrame(rows)
    tested = ~table["role"].isin([FULL, "placebo"]) & ~table["same_content"]
    table.loc[tested, "p_holm"] = holm(table.loc[tested, "p_value"])
    within_seeds = table["difference"].abs() <= table["seed_sd"]
    outside = (table["low"] > 0) | (table["high"] < 0)
    table["holds"] = outside & (table["p_holm"] < SIGNIFICANCE) & ~within_seeds
    placebos = [name for name, role in roles.items() if role == "placebo"]
    without = next((name for name, role in roles.items() if role == "no content"), None)
    return Ablation(table, _placebos(rmse, placebos, without) if placebos else None)


def role_of(change: Mapping[str, Any]) -> str:
    """What a variant does: ``left out``, ``placebo``, ``no content`` or ``blend``."""
    if "content" in change:
        return "placebo" if "dealt" in change["content"] else "left out"
    return "blend" if "blend" in change["entry"] else "no content"


def findings(found: Ablation) -> list[str]:
    """Results of an ablation in words, as paragraphs of plain text."""
    full = float(found.table.loc[found.table["arm"] == FULL, "rmse"].item())
    by_role = {"no content": "", "left out": "", "blend": ""}
    for row in found.table.to_dict("records"):
        if row["role"] in by_role:
            by_role[row["role"]] += f" {_finding(row)}"
    verdict = [found.placebos.verdict] if found.placebos else []
    return [*verdict, f"The full model's test RMSE is {full:.4f}." + "".join(by_role.values())]


def _has_same_content(change: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    """Whether the parts that a variant leaves out have no terms in these data."""
    if "parts" not in change.get("content", {}):
        return False
    left_out = set(content["parts"]) - set(change["content"]["parts"])
    return not left_out & set(content["terms_by_part"])


def _finding(row: Mapping[Any, Any]) -> str:
    name = row["arm"]
    if row["same_content"]:
        return f"{name}: the data have no such content, nothing is left out."
    finding = ("worse" if row["difference"] > 0 else "better") + " than the full model"
    if row["low"] <= 0 <= row["high"]:
        finding = "no significant difference from the full model"
    elif not row["holds"]:
        finding = f"perhaps {finding}"
    return (
        f"{name}: {finding}, {row['difference']:+.4f} (95 % interval {row['low']:+.4f} to "
        f"{row['high']:+.4f}, Holm-corrected p {row['p_holm']:.2g})."
    )


def _placebos(rmse: Measured, placebos: Sequence[str], without: str | None) -> Placebos:
    """Compare the full model with the placebos, and both with the variant without content."""
    by_placebo = np.array([rmse.value(name) for name in placebos])
    true, mean, n = rmse.value(FULL), float(by_placebo.mean()), len(by_placebo)
    n_beaten = int(np.count_nonzero(by_placebo > true))
    p_value, smallest = (1 + n - n_beaten) / (1 + n), 1 / (1 + n)
    sd = float(by_placebo.std(ddof=1)) if n > 1 else None
    gap = rmse.difference([FULL], placebos)
    verdict, none = _verdict(n, n_beaten, p_value, smallest), None
    if without is not None:
        none = rmse.value(without)
        of_true, of_mean = (
            f"{abs(value - none):.4f} {'lower' if value < none else 'higher'}"
            for value in (true, mean)
        )
        verdict += (
            f" Without content the RMSE is {none:.4f}; with the true content it is {of_true}, "
            f"with placebos {of_mean} on average."
        )
    return Placebos(
        n_placebos=n,
        mean=mean,
        sd=sd,
        lowest=float(by_placebo.min()),
        highest=float(by_placebo.max()),
        true_content=true,
        n_beaten=n_beaten,
        p_value=p_value,
        smallest_p_value=smallest,
        distance=-gap.value / sd if sd else None,
        difference=gap.value,
        low=gap.low,
        high=gap.high,
        without_content=none,
        verdict=verdict,
    )


def _verdict(n: int, n_beaten: int, p_value: float, smallest: float) -> str:
    of = f"{n_beaten} of {n} placebo{'' if n == 1 else 's'} (permutation p = {p_value:.3g})"
    if n_beaten < n:
        beats = p_value <= SIGNIFICANCE
        finding = "beats" if beats else "does not differ significantly from"
        return (
            f"The true content {finding} content of the wrong items: it beats {of}, and "
            f"{n - n_beaten} of them do as well or better."
        )
    if smallest > SIGNIFICANCE:
        return (
            f"The true content beats {of}, but so few cannot show that this is more than chance: "
            f"a p of {SIGNIFICANCE} takes {round(1 / SIGNIFICANCE) - 1} placebos."
        )
    return (
        f"The true content beats {of}: it matters which items the words describe, not only that "
        "there are more parameters."
    )
