"""How far a figure can be trusted: paired bootstrap over users, tests corrected for number.

Users are resampled with replacement, and every model is measured on the same resamples, so that
what makes a user easy or hard falls out of the difference of two models. A resample is a row of
counts (how often each user was drawn), and a metric is a ratio of sums over users; all resamples
of all models are therefore products of one matrix of counts with one of per-user sums.

References
----------
B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 13 and 15.
S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
Statistics 6(2), 1979.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95
"""Share of the resamples that an interval spans."""

BLOCK_BYTES = 32 * 2**20
"""Memory that one block of resample counts may take."""

ROUNDING = 1e-12
"""A difference below this is the rounding of two equal figures."""


@dataclass(frozen=True, eq=False)
class UserSums:
    """What a metric is made of: one column per run, one row per user.

    The metric of column c is ``sums[:, c].sum() / weights.sum()``, and its square root where
    `root` is set.

    Attributes
    ----------
    sums : ndarray of shape (n_users, n_columns)
        Each user's contribution, such as the sum of squared errors or the user's precision.
    weights : ndarray of shape (n_users,)
        Each user's share of the denominator, such as the number of ratings, or one; above zero.
        It belongs to the test part, hence is the same for every column.
    root : bool
        Whether the metric is the root of the ratio, as RMSE is.
    """

    sums: NDArray[np.float64]
    weights: NDArray[np.float64]
    root: bool = False

    def value(self) -> NDArray[np.float64]:
        """Metric of each column over all users, of shape (n_columns,)."""
        return self.resampled(np.ones((1, len(self.weights)))).ravel()

    def resampled(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metric of each column on resamples of the users.

        Parameters
        ----------
        counts : ndarray of shape (b, n_users)
            How often each resample drew each user.

        Returns
        -------
        ndarray of shape (b, n_columns)
        """
        ratio = (counts @ self.sums) / (counts @ self.weights)[:, None]
        return np.asarray(np.sqrt(ratio) if self.root else ratio)


def resample_counts(
    n_users: int, resamples: int, rng: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """How often each resample draws each user, in blocks of resamples.

    Yields
    ------
    ndarray of shape (b, n_users)
        Each row sums to `n_users`. The rows do not depend on how they are divided into blocks.
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
    """Values of all metrics and columns on the same resamples of the users.

    Parameters
    ----------
    metrics : dict of UserSums
        All over the same users, in the same order.
    resamples : int
    rng : numpy.random.Generator

    Returns
    -------
    dict of ndarray, of shape (resamples, n_columns)
    """
    n_users = len(next(iter(metrics.values())).weights)
    blocks: dict[str, list[NDArray[np.float64]]] = {name: [] for name in metrics}
    for counts in resample_counts(n_users, resamples, rng):
        for name, metric in metrics.items():
            blocks[name].append(metric.resampled(counts))
    return {name: np.concatenate(values) for name, values in blocks.items()}


def percentile_interval(
    values: NDArray[np.float64], confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Percentile interval of resampled values.

    Parameters
    ----------
    values : ndarray of shape (resamples,)
    confidence : float
        Share of the resamples between low and high, in (0, 1).

    Returns
    -------
    low, high : float
    """
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return float(low), float(high)


def bootstrap_p_value(differences: NDArray[np.float64]) -> float:
    """Two-sided p-value of the hypothesis that a resampled difference is zero.

    Twice the share of resamples on the rarer side of zero, with one added to both counts so that
    it is never zero (Davison and Hinkley, "Bootstrap Methods and their Application", 1997,
    section 4.2.3). Its smallest value is ``2 / (resamples + 1)``.

    Parameters
    ----------
    differences : ndarray of shape (resamples,)
    """
    not_above = np.count_nonzero(differences <= ROUNDING)
    not_below = np.count_nonzero(differences >= -ROUNDING)
    return float(min(1.0, 2.0 * (1 + min(not_above, not_below)) / (1 + len(differences))))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Holm's step-down correction of the p-values of one family of tests.

    The i-th smallest of m p-values is multiplied by ``m - i + 1``, then made no smaller than the
    ones before it and no larger than 1.

    Parameters
    ----------
    p_values : array of shape (m,)

    Returns
    -------
    ndarray of shape (m,)
        In the order given.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected
