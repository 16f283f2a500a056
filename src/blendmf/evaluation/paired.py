"""Test RMSE of several groups of fits on the same resamples of the same users."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.errors import UserError
from blendmf.evaluation.inference import bootstrap, bootstrap_p_values, percentile_interval
from blendmf.evaluation.measures import user_sums
from blendmf.streams import stream


def seed_deviation(by_seed: NDArray[np.float64]) -> float:
    """Standard deviation of the RMSEs of several fits; NaN for a single one."""
    return float(by_seed.std(ddof=1)) if len(by_seed) > 1 else np.nan


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
        ordered = [table.sort_values("user_id", ignore_index=True) for table in tables]
        for group, table in zip(groups, ordered, strict=True):
            if not table[["user_id", "n_ratings"]].equals(ordered[0][["user_id", "n_ratings"]]):
                raise UserError(
                    f"{groups[0]} and {group} were evaluated on different ratings: remove their "
                    "evaluation folders and run again"
                )
        sums = user_sums("rmse", ordered)
        self._n_users = len(ordered[0])
        self._groups = np.array(groups)
        self._by_fit = sums.value()
        self._names = list(dict.fromkeys(groups))
        own = (self._groups[:, None] == np.array(self._names)).astype(np.float64)
        averaged = {"rmse": sums.averaged(own / own.sum(axis=0))}
        self._resampled = bootstrap(averaged, resamples, stream(seed, "bootstrap"))["rmse"]

    def by_seed(self, group: str) -> NDArray[np.float64]:
        """RMSE of each fit of a group, of shape (n_seeds,)."""
        return self._by_fit[self._groups == group]

    def rmse(self, groups: Sequence[str]) -> float:
        """Mean RMSE of some groups."""
        return float(np.mean([self.by_seed(group).mean() for group in groups]))

    def difference(self, groups: Sequence[str], others: Sequence[str]) -> PairedDifference:
        """Mean RMSE of some groups minus that of others, paired over users."""
        drawn = self._mean_resampled(groups) - self._mean_resampled(others)
        low, high = percentile_interval(drawn)
        value = self.rmse(groups) - self.rmse(others)
        p_value = bootstrap_p_values(drawn, self._n_users)
        return PairedDifference(value, float(low), float(high), float(p_value))

    def _mean_resampled(self, groups: Sequence[str]) -> NDArray[np.float64]:
        places = [self._names.index(group) for group in groups]
        return np.asarray(self._resampled[:, places].mean(axis=1))
