"""Test RMSE of several groups of fits on the same resamples of the same users."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.evaluation.bootstrap import bootstrap_p_values, percentile_interval
from blendmf.evaluation.user_metrics import aligned, measure


class PairedDifference(NamedTuple):
    """Difference of two RMSEs, its 95 % interval over users, and the p-value of no difference."""

    difference: float
    low: float
    high: float
    p_value: float


class PairedErrors:
    """Test RMSE of each group: over all users by seed, and on resamples of the users.

    Parameters
    ----------
    tables : sequence of DataFrame
        Per-user tables of the fits, as `evaluate` writes them; columns ``user_id, n_ratings,
        squared_error``.
    groups : sequence of str
        The group of each fit, whose RMSE is the mean over its fits.
    resamples : int
    seed : int
        The experiment's.

    Raises
    ------
    UserError
        If the fits were not evaluated on the same ratings.
    """

    def __init__(
        self, tables: Sequence[pd.DataFrame], groups: Sequence[str], resamples: int, seed: int
    ) -> None:
        measured = measure(aligned(tables, groups), groups, resamples, seed, ["rmse"])
        self._rmse = measured["rmse"]

    def by_seed(self, group: str) -> NDArray[np.float64]:
        """RMSE of each fit of a group, of shape (n_seeds,)."""
        return self._rmse.by_seed[self._rmse.models.index(group)]

    def rmse(self, groups: Sequence[str]) -> float:
        """Mean RMSE of some groups."""
        return float(np.mean([self.by_seed(group).mean() for group in groups]))

    def difference(self, groups: Sequence[str], others: Sequence[str]) -> PairedDifference:
        """Mean RMSE of some groups minus that of others, paired over users."""
        drawn = self._mean_resampled(groups) - self._mean_resampled(others)
        low, high = percentile_interval(drawn)
        value = self.rmse(groups) - self.rmse(others)
        p_value = bootstrap_p_values(drawn, self._rmse.n_users)
        return PairedDifference(value, float(low), float(high), float(p_value))

    def _mean_resampled(self, groups: Sequence[str]) -> NDArray[np.float64]:
        places = [self._rmse.models.index(group) for group in groups]
        return np.asarray(self._rmse.resampled[:, places].mean(axis=1))
