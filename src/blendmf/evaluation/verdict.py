"""Verdict on two models from their paired difference."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import pandas as pd

from blendmf.evaluation.user_metrics import higher_is_better

SIGNIFICANCE = 0.05
"""Corrected p-values below this are significant."""

Finding = Literal["better", "perhaps better", "not distinguishable", "perhaps worse", "worse"]
"""Findings from the best to the worst."""


@dataclass(frozen=True)
class Difference:
    """One model's metric minus another's, paired over users.

    Attributes
    ----------
    value, low, high : float
        The difference and its 95 % interval over users.
    p_value, p_holm : float
        For this pair alone, and corrected by Holm among all pairs of models.
    effect_size : float
        See `blendmf.evaluation.differences.effect_size`.
    share_better : float
        Share of the users for whom the first model is better, 0 to 1.
    seed_sd : float
        Standard deviation over the seeds; NaN if unknown.
    higher_is_better : bool
        Whether a positive difference is in favour of the first model.
    """

    value: float
    low: float
    high: float
    p_value: float
    p_holm: float
    effect_size: float
    share_better: float
    seed_sd: float
    higher_is_better: bool

    @property
    def within_seeds(self) -> bool:
        """Whether the difference is at most its standard deviation over seeds; False if unknown."""
        return abs(self.value) <= self.seed_sd

    @property
    def finding(self) -> Finding:
        """Finding about the first model.

        "not distinguishable" if the interval contains 0; "perhaps" if it does not, but the
        corrected p-value is not significant or the difference is within the spread over seeds.
        """
        if self.low <= 0 <= self.high:
            return "not distinguishable"
        is_sure = self.p_holm < SIGNIFICANCE and not self.within_seeds
        if (self.value > 0) == self.higher_is_better:
            return "better" if is_sure else "perhaps better"
        return "worse" if is_sure else "perhaps worse"

    def reversed(self) -> "Difference":
        """The second model's metric minus the first's."""
        return replace(
            self,
            value=-self.value,
            low=-self.high,
            high=-self.low,
            effect_size=-self.effect_size,
            share_better=1 - self.share_better,
        )


def with_findings(differences: pd.DataFrame) -> pd.DataFrame:
    """The table of differences with a column ``finding``: what holds about model A, in words."""
    findings = [_difference(row).finding for row in differences.to_dict("records")]
    return differences.assign(finding=findings)


def against(differences: pd.DataFrame, metric: str, reference: str) -> dict[str, Difference]:
    """Difference of every other model from a reference model.

    Parameters
    ----------
    differences : DataFrame
        Table of `blendmf.evaluation.differences.differences_table`.
    metric : str
    reference : str
        Name of the model that is subtracted.

    Returns
    -------
    dict of Difference
        By the other model's name; empty if the reference does not have the metric.
    """
    found = {}
    for row in differences[differences["metric"] == metric].to_dict("records"):
        difference = _difference(row)
        if row["model_b"] == reference:
            found[row["model_a"]] = difference
        elif row["model_a"] == reference:
            found[row["model_b"]] = difference.reversed()
    return found


def _difference(row: Mapping[Hashable, Any]) -> Difference:
    return Difference(
        value=row["difference"],
        low=row["low"],
        high=row["high"],
        p_value=row["p_value"],
        p_holm=row["p_holm"],
        effect_size=row["effect_size"],
        share_better=row["share_a_better"],
        seed_sd=row["seed_sd"],
        higher_is_better=higher_is_better(row["metric"]),
    )
