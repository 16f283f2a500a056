"""What may be said of two models from their paired difference, in words that the numbers allow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from blendmf.restructured import literal, p_value

SIGNIFICANCE = 0.05
COLUMNS = ["model_a", "model_b", "difference", "low", "high", "p_holm"]

Finding = Literal["lower", "higher", "perhaps lower", "perhaps higher", "not told apart"]


@dataclass(frozen=True)
class Difference:
    """Test RMSE of one model minus that of another, paired over users.

    Attributes
    ----------
    value, low, high : float
        The difference and its 95 % interval.
    p_holm : float
        Holm-corrected p-value.
    """

    value: float
    low: float
    high: float
    p_holm: float

    @property
    def finding(self) -> Finding:
        """What can be told of the first model's error beside the second's.

        Not told apart where the interval holds 0; "perhaps" where it does not, but the p-value
        stops being small once it is corrected for the number of comparisons.
        """
        if self.low <= 0 <= self.high:
            return "not told apart"
        sure = self.p_holm < SIGNIFICANCE
        if self.value < 0:
            return "lower" if sure else "perhaps lower"
        return "higher" if sure else "perhaps higher"

    def in_numbers(self) -> str:
        """Interval and p-value of the difference."""
        return f"95 % interval {self.low:+.4f} to {self.high:+.4f}, Holm-corrected " + p_value(
            self.p_holm
        )


def rmse_difference(differences: pd.DataFrame, first: str, second: str) -> Difference:
    """RMSE of `first` minus that of `second`, whichever way round the table has the pair.

    Parameters
    ----------
    differences : DataFrame
        `metric`, `model_a`, `model_b`, `difference` (a minus b), `low`, `high`, `p_holm`.
    """
    of_rmse = differences[differences["metric"] == "rmse"]
    for a, b, difference, low, high, p_holm in of_rmse[COLUMNS].itertuples(index=False):
        if (a, b) == (first, second):
            return Difference(difference, low, high, p_holm)
        if (b, a) == (first, second):
            return Difference(-difference, -high, -low, p_holm)
    raise KeyError(f"no RMSE difference of {first} and {second}")


def best_of_kind(rmse: pd.Series, models: Mapping[str, Mapping[str, Any]], kind: str) -> str | None:
    """Name of the model of a kind with the lowest RMSE, None where there is none.

    Parameters
    ----------
    rmse : Series
        Test RMSE by model.
    models : mapping
        The configuration's models: name to an entry with its `kind`.
    """
    of_kind = rmse[[name for name in rmse.index if models[name]["kind"] == kind]]
    return None if of_kind.empty else str(of_kind.idxmin())


def does_content_help(
    rmse: pd.Series, differences: pd.DataFrame, models: Mapping[str, Mapping[str, Any]]
) -> str:
    """Whether the best blended factorisation predicts better than the best plain one."""
    plain = best_of_kind(rmse, models, "mf")
    blended = best_of_kind(rmse, models, "mf-content")
    if plain is None or blended is None:
        missing = "plain (kind ``mf``)" if plain is None else "blended (kind ``mf-content``)"
        return (
            "Whether blending in item content helps, this run cannot say: "
            f"it has no {missing} factorisation."
        )
    difference = rmse_difference(differences, blended, plain)
    openings: dict[Finding, str] = {
        "lower": "**Blending in item content helps:**",
        "higher": "**Blending in item content hurts:**",
        "perhaps lower": "**Blending in item content may help, but this run does not show it:**",
        "perhaps higher": "**Blending in item content may hurt, but this run does not show it:**",
        "not told apart": "**Whether blending in item content helps cannot be told:**",
    }
    return (
        f"{openings[difference.finding]} {literal(blended)} has a test RMSE "
        f"{abs(difference.value):.4f} {'below' if difference.value < 0 else 'above'} that of "
        f"{literal(plain)} ({rmse[blended]:.4f} against {rmse[plain]:.4f}; difference "
        f"{difference.in_numbers()})." + _several(models)
    )


def _several(models: Mapping[str, Mapping[str, Any]]) -> str:
    kinds = [entry["kind"] for entry in models.values()]
    n_plain, n_blended = kinds.count("mf"), kinds.count("mf-content")
    if max(n_plain, n_blended) < 2:
        return ""
    return (
        f" These are the best on the test part of {n_plain} plain and {n_blended} blended models, "
        "which flatters the kind that has more."
    )
