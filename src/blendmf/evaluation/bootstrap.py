"""How far a figure can be trusted: paired bootstrap over users, tests corrected for number.

Users are resampled with replacement, and every model is measured on the same resamples, so that
what makes a user easy or hard falls out of the difference of two models. A resample is a row of
counts (how often each user was drawn), and a metric is a ratio of sums over users; all resamples
of all models are therefore products of one matrix of counts with one of per-user sums.

References
----------
B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 13 and 15.
A. Davison and D. Hinkley, "Bootstrap Methods and their Application", 1997.
S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
Statistics 6(2), 1979.
"""

import math
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
    `root` is set. With `mean` given, the metric is the matrix product of these with it.

    Attributes
    ----------
    sums : ndarray of shape (n_users, n_columns)
        Each user's contribution, such as the sum of squared errors or the user's precision.
    weights : ndarray of shape (n_users,)
        Each user's share of the denominator, such as the number of ratings, or one; zero for a
        user without part in the metric. It belongs to the test part, hence is the same for every
        column.
    root : bool
        Whether the metric is the root of the ratio, as RMSE is.
    mean : ndarray of shape (n_columns, n_means), optional
        Each column holds the weights of one mean over the runs.
    """

    sums: NDArray[np.float64]
    weights: NDArray[np.float64]
    root: bool = False
    mean: NDArray[np.float64] | None = None

    def averaged(self, mean: NDArray[np.float64]) -> "UserSums":
        """The same metric as means over runs; a mean of roots is not the root of a mean."""
        if self.root:
            return UserSums(self.sums, self.weights, root=True, mean=mean)
        return UserSums(self.sums @ mean, self.weights)

    def value(self) -> NDArray[np.float64]:
        """Metric of each column, or mean, over all users, of shape (n,)."""
        return self.resampled(np.ones((1, len(self.weights)))).ravel()

    def resampled(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metric of each column, or mean, on resamples of the users.

        Parameters
        ----------
        counts : ndarray of shape (b, n_users)
            How often each resample drew each user.

        Returns
        -------
        ndarray of shape (b, n)
            Fewer rows where the metric is of a few users alone: a resample that drew none of them
            has no value and is left out.
        """
        total = counts @ self.weights
        has_value = total > 0
        ratio = (counts @ self.sums)[has_value] / total[has_value, None]
        return self._mean(np.sqrt(ratio) if self.root else ratio)

    def per_user(self) -> NDArray[np.float64]:
        """Contributions of the users with a part in the metric, of shape (n_users with one, n)."""
        return self._mean(self.sums[self.weights > 0])

    def influence(self) -> NDArray[np.float64]:
        """How far each user with a part in the metric moves it off from its value.

        The empirical influence values (Davison and Hinkley, section 2.7): of a mean they are each
        user's value less the mean, those of a ratio and of its root are linearised.

        Returns
        -------
        ndarray of shape (n_users with a part, n)
            Each column has mean 0.
        """
        has_part = self.weights > 0
        sums, weights = self.sums[has_part], self.weights[has_part]
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
    dict of ndarray, of shape (resamples, n)
        Fewer rows for a metric that some resamples have no value of.
    """
    n_users = len(next(iter(metrics.values())).weights)
    blocks: dict[str, list[NDArray[np.float64]]] = {name: [] for name in metrics}
    for counts in resample_counts(n_users, resamples, rng):
        for name, metric in metrics.items():
            blocks[name].append(metric.resampled(counts))
    return {name: np.concatenate(values) for name, values in blocks.items()}


def percentile_interval(
    values: NDArray[np.float64], confidence: float = CONFIDENCE
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile intervals of resampled values.

    Parameters
    ----------
    values : ndarray of shape (resamples, ...)
    confidence : float

    Returns
    -------
    (ndarray, ndarray), each of shape (...)
        Lower and upper bounds.
    """
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail], axis=0)
    return low, high


def bootstrap_p_values(
    differences: NDArray[np.float64], n_users: float = math.inf
) -> NDArray[np.float64]:
    """Two-sided p-values of the hypotheses that resampled differences are zero.

    Twice the share of resamples on the rarer side of zero, with one added to both counts so that
    it is never zero (Davison and Hinkley, section 4.2.3). All resamples of two or three users may
    agree by chance: no p-value is below 2 / 2^n, the chance that n users without a preference all
    lean the same way.

    Parameters
    ----------
    differences : ndarray of shape (resamples, ...)
    n_users : float, optional
        Users that were resampled; by default so many that the limit is of no account.

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
    """Least p-value that so many resamples can show, corrected by Holm for so many tests."""
    return min(1.0, 2.0 * tests / (1 + resamples))


def resamples_needed(p_value: float, tests: int) -> int:
    """Fewest resamples with which a corrected p-value can fall below `p_value`."""
    return math.floor(2.0 * tests / p_value + ROUNDING)


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
