"""The metrics of ranked lists: one line each."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blendmf.evaluation import ranking_metrics as ranking
from blendmf.evaluation.ranking_metrics import RankedLists


class RankingMetric(NamedTuple):
    """A metric of ranked lists.

    Attributes
    ----------
    label : str
        Name for people; ``{k}`` stands for the length of the lists.
    values : callable
        Value of each list in [0, 1], of shape (m,); the higher, the better. 0 for a user without
        relevant items.
    """

    label: str
    values: Callable[[RankedLists], NDArray[np.float64]]


METRICS = {
    "precision_at_k": RankingMetric("Precision@{k}", ranking.precision_at_k),
    "precision_at_min_k_n": RankingMetric("Precision@min({k}, n)", ranking.precision_at_min_k_n),
    "recall_at_k": RankingMetric("Recall@{k}", ranking.recall_at_k),
    "ndcg_at_k": RankingMetric("NDCG@{k}", ranking.ndcg_at_k),
    "map_at_k": RankingMetric("MAP@{k}", ranking.map_at_k),
    "mrr": RankingMetric("MRR", ranking.mrr),
    "hit_rate_at_k": RankingMetric("Hit rate@{k}", ranking.hit_rate_at_k),
}
"""Every metric by its name in files, which has the prefix ``rated_`` or ``full_`` there."""


def ranking_metrics(lists: RankedLists) -> dict[str, NDArray[np.float64]]:
    """All metrics of each list, each of shape (m,), by their names in `METRICS`."""
    return {name: metric.values(lists) for name, metric in METRICS.items()}
