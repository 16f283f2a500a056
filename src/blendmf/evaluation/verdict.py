"""What may be said of two models from their paired difference, in words that the numbers allow."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from blendmf.evaluation.user_metrics import higher_is_better

SIGNIFICANCE = 0.05

Finding = Literal["better", "worse", "perhaps better", "perhaps worse", "not told apart"]


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
        As `blendmf.evaluation.differences.effect_size` has it.
    share_better : float
        Share of the users whom the first model serves better, 0 to 1.
    seed_sd : float
        Standard deviation over the seeds; NaN where it is unknown.
    higher_is_better : bool
        Whether a positive difference speaks for the first model.
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
    def is_sure(self) -> bool:
        """Whether the corrected p-value is small and no other seed is likely to turn the sign."""
        return self.p_holm < SIGNIFICANCE and not self.within_seeds

    @property
    def within_seeds(self) -> bool:
        """Whether fits from other seeds differ by as much."""
        return abs(self.value) <= self.seed_sd

    @property
    def finding(self) -> Finding:
        """What can be told of the first model beside the second.

        Not told apart where the interval holds 0; "perhaps" where it does not, but the p-value
        stops being small once it is corrected for the number of comparisons, or the difference
        is within the spread over seeds.
        """
        if self.low <= 0 <= self.high:
            return "not told apart"
        if (self.value > 0) == self.higher_is_better:
            return "better" if self.is_sure else "perhaps better"
        return "worse" if self.is_sure else "perhaps worse"

    def turned(self) -> "Difference":
        """The second model's metric minus the first's."""
        return Difference(
            -self.value,
            -self.high,
            -self.low,
            self.p_value,
            self.p_holm,
            -self.effect_size,
            1 - self.share_better,
            self.seed_sd,
            self.higher_is_better,
        )


def against(differences: pd.DataFrame, metric: str, reference: str) -> dict[str, Difference]:
    """Difference of every other model from one of them, whichever way round the table has it.

    Parameters
    ----------
    differences : DataFrame
        As `blendmf.evaluation.differences.differences_table` has it.
    metric : str
    reference : str
        Name of the model that is taken from the others.

    Returns
    -------
    dict of Difference
        By the other model's name; empty where the reference does not have the metric.
    """
    of_metric = differences[differences["metric"] == metric]
    higher = higher_is_better(metric)
    found = {}
    for row in of_metric.to_dict("records"):
        if reference not in (row["model_a"], row["model_b"]):
            continue
        difference = Difference(
            row["difference"],
            row["low"],
            row["high"],
            row["p_value"],
            row["p_holm"],
            row["effect_size"],
            row["share_a_better"],
            row["seed_sd"],
            higher,
        )
        if row["model_b"] == reference:
            found[row["model_a"]] = difference
        else:
            found[row["model_b"]] = difference.turned()
    return found
