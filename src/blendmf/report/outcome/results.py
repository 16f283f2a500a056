"""What the outcome of a run is drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from blendmf.config.models import Entry
from blendmf.config.protocol import ContentSettings, EvaluationSettings


@dataclass(frozen=True, eq=False)
class Results:
    """Everything that the outcome is drawn from; `results/README.md` describes the files.

    Attributes
    ----------
    table, metrics, differences, strata : DataFrame
        The comparison of the models.
    rank_sweep : DataFrame
        Truncated SVD beside matrix factorisation.
    best : sequence of dict
        What each searched model's search chose.
    source, split, leakage : dict
        Facts of the data, its division and the leakage audit.
    fitted_on : DataFrame
        What was fitted on which part, found by recomputation.
    models, content, evaluation, published : dict, dict, dict, sequence of dict
        These blocks of the configuration.
    validated : sequence of dict
        As `blendmf.report.outcome.reference.validated` has it.
    """

    table: pd.DataFrame
    metrics: pd.DataFrame
    differences: pd.DataFrame
    strata: pd.DataFrame
    rank_sweep: pd.DataFrame
    best: Sequence[Mapping[str, Any]]
    source: Mapping[str, Any]
    split: Mapping[str, Any]
    leakage: Mapping[str, Any]
    fitted_on: pd.DataFrame
    models: Mapping[str, Entry]
    content: ContentSettings
    evaluation: EvaluationSettings
    published: Sequence[Mapping[str, Any]]
    validated: Sequence[Mapping[str, Any]]

    @property
    def rmse(self) -> pd.Series:
        """Test RMSE of the models that predict ratings, the lowest first."""
        return self.table.set_index("model")["rmse"].dropna().sort_values(kind="stable")

    def n_pairs(self, metric: str) -> int:
        """Pairs of models that were compared on a metric."""
        return int((self.differences["metric"] == metric).sum())
