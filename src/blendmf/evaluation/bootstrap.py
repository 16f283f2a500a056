"""Paired bootstrap over users, and p-values corrected for multiple tests.

Users are resampled with replacement. All models are measured on the same resamples, so that what
makes a user easy or hard cancels out of the difference of two models. A resample is a row of
counts (how often each user was drawn) and a metric is a ratio of sums over users, so all resamples
of all models are products of a matrix of counts with a matrix of per-user sums.

References
----------
B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 13 and 15.
A. Davison and D. Hinkley, "Bootstrap Methods and their Application", 1997.
S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
Statistics 6(2), 1979.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95
"""Share of the resamples that an interval covers."""

BLOCK_BYTES = 32 * 2**20
"""Memory of one block of resample counts."""

ROUNDING = 1e-12
"""Smaller differences are rounding errors of equal values."""


@dataclass(frozen=True, eq=False)
class UserSums:
    """Per-user sums of a metric, one column per run.

    The metric of column c is ``sums[:, c].sum() / weights.sum()``, or its square root if `root`.

    Attributes
    ----------
    sums : ndarray of shape (n_users, n_columns)
        Each user's contribution, such as the sum of squared errors or the user's precision.
    weights : ndarray of shape (n_users,)
        Each user's share of the denominator, such as the number of ratings, or 1; 0 for users
        without a value. The same for all columns.
    root : bool
        Whether the metric is the root of the ratio, like RMSE.
    mean : ndarray of shape (n_columns, n_means), optional
        If given, the columns' metrics are multiplied by this matrix, which averages runs.
    """

    sums: NDArray[np.float64]
    weights: NDArray[np.float64]
    root: bool = False
    mean: NDArray[np.float64] | None = None

    def averaged(self, mean: NDArray[np.float64]) -> "UserSums":
        """Means over runs. The mean of roots is not the root of the mean."""
        if self.root:
            return replace(self, mean=mean)
        return UserSums(self.sums @ mean, self.weights)

    def value(self) -> NDArray[np.float64]:
        """Metric of each column, or of each mean of columns, over all users; shape (n,)."""
        return self.resampled(np.ones((1, len(self.weights)))).ravel()

    def resampled(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metric of each column, or of each mean of columns, on resamples of the users.

        Parameters
        ----------
        counts : ndarray of shape (b, n_users)
            How often each resample drew each user.

        Returns
        -------
        ndarray of shape (at most b, n)
            Resamples without any user who has a value are left out.
        """
        total = counts @ self.weights
        has_value = total > 0
        ratio = (counts @ self.sums)[has_value] / total[has_value, None]
        return self._mean(np.sqrt(ratio) if self.root else ratio)

    def per_user(self) -> NDArray[np.float64]:
        """Contributions of the users with a value, of shape (n_users_with_value, n)."""
        return self._mean(self.sums[self.weights > 0])

    def influence(self) -> NDArray[np.float64]:
        """Influence of each user with a value on the metric, of shape (n_users_with_value, n).

        Empirical influence values (Davison and Hinkley, section 2.7), of mean 0: for a mean each
        user's value minus the mean; ratios and their roots are linearised.
        """
        has_value = self.weights > 0
        sums, weights = self.sums[has_value], self.weights[has_value]
        ratio = sums.sum(axis=0) / weights.sum()
        influence = (sums - np.outer(weights, ratio)) / weights.mean()
        if self.root:
            slope = 2.0 * np.sqrt(ratio)
            influence /= np.where(slope > 0, slope, 1.0)
        return self._mean(influence)

    def _mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(values if self.mean is None else values @ self.mean)


def resample_counts(
    n_users: int, resamples: int, rng: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """Draw the users of each resample, in blocks of resamples.

    Yields
    ------
    ndarray of shape (b, n_users)
        How often each resample drew each user. The block size does not affect the draws.
    """
    rows = max(1, BLOCK_BYTES // (8 * n_users))
    for start in range(0, resamples, rows):
        size = min(rows, resamples - start)
        drawn = rng.integers(n_users, size=(size, n_users))
        drawn += n_users * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n_users)
        yield counts.reshape(size, n_users).astype(np.float64)


def bootstrap(
    metrics: dict[str, UserSums], resamples: int, rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """Values of all metrics on the same resamples of the users.

    Parameters
    ----------
    metrics : dict of UserSums
        All over the same users, in the same order.
    resamples : int
    rng : numpy.random.Generator

    Returns
    -------
    dict of ndarray of shape (resamples, n)
        Fewer rows for a metric without a value on some resamples.
    """
    n_users = len(next(iter(metrics.values())).weights)
    blocks: dict[str, list[NDArray[np.float64]]] = {name: [] for name in metrics}
    for counts in resample_counts(n_users, resamples, rng):
        for name, metric in metrics.items():
            blocks[name].append(metric.resampled(counts))
    return {name: np.concatenate(values) for name, values in blocks.items()}


def percentile_interval(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper bound of the 95 % percentile interval over axis 0, the resamples."""
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail], axis=0)
    return low, high


def bootstrap_p_values(
    differences: NDArray[np.float64], n_users: float = math.inf
) -> NDArray[np.float64]:
    """Two-sided p-values of the hypotheses that resampled differences are zero.

    Twice the share of resamples on the rarer side of zero, with one added to numerator and
    denominator so that it is never zero (Davison and Hinkley, section 4.2.3). All resamples of two
    or three users may agree by chance: no p-value is below 2 / 2^n, the probability that n users
    without a preference agree.

    Parameters
    ----------
    differences : ndarray of shape (resamples, ...)
    n_users : float
        Number of users that were resampled; default: infinite, no lower bound.

    Returns
    -------
    ndarray of shape (...)
    """
    not_above = np.count_nonzero(differences <= ROUNDING, axis=0)
    not_below = np.count_nonzero(differences >= -ROUNDING, axis=0)
    rarer = np.minimum(not_above, not_below)
    p_values = 2.0 * (1 + rarer) / (1 + len(differences))
    return np.minimum(1.0, np.maximum(p_values, 2.0 ** (1 - n_users)))


def smallest_p_value(resamples: int, tests: int = 1) -> float:
    """Smallest possible p-value with this many resamples, corrected by Holm for `tests` tests."""
    return min(1.0, 2.0 * tests / (1 + resamples))


def resamples_needed(p_value: float, tests: int) -> int:
    """Fewest resamples with which a corrected p-value can fall below `p_value`."""
    return math.floor(2.0 * tests / p_value + ROUNDING)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Holm's step-down correction of the p-values of one family of tests, in the order given.

    The i-th smallest of m p-values is multiplied by ``m - i + 1``, then raised to the largest one
    before it and limited to 1.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected
