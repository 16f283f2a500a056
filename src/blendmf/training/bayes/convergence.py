"""Whether chains of draws have converged: split R-hat and effective number of draws.

References
----------
A. Vehtari et al., "Rank-normalization, folding, and localization: an improved R-hat", Bayesian
Analysis 16 (2021), equations 1 to 11, without the rank normalisation.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Convergence(NamedTuple):
    """How far chains agree on the mean of a quantity.

    Attributes
    ----------
    r_hat : float
        Root of the ratio of the variance of all draws to that within half chains: 1 if the chains
        have converged.
    effective_draws : float
        Number of independent draws whose mean would be as exact.
    """

    r_hat: float
    effective_draws: float


def convergence(chains: NDArray[np.float64]) -> Convergence | None:
    """Convergence of a quantity's values, of shape (n_chains, n_draws).

    None for fewer than 4 draws, or if a value is not finite or all are equal.
    """
    n = chains.shape[1] // 2
    halves = np.concatenate([chains[:, :n], chains[:, -n:]])
    if n < 2 or not np.isfinite(halves).all():
        return None
    within = float(halves.var(axis=1, ddof=1).mean())
    total = (n - 1) / n * within + float(halves.mean(axis=1).var(ddof=1))
    if not within:
        return None
    centred = halves - halves.mean(axis=1, keepdims=True)
    products = [
        (centred[:, : n - lag] * centred[:, lag:]).sum(axis=1).mean() / n for lag in range(n)
    ]
    correlations = 1 - (within - np.array(products) * n / (n - 1)) / total
    return Convergence(math.sqrt(total / within), halves.size / _correlation_time(correlations))


def _correlation_time(correlations: NDArray[np.float64]) -> float:
    """Number of draws that are worth one independent one, from correlations at the lags 0, 1, ....

    Sums of two neighbouring lags are added while they are positive, and do not rise (Geyer 1992).
    """
    pairs = correlations[: len(correlations) // 2 * 2].reshape(-1, 2).sum(axis=1)
    positive = pairs[: int(np.argmin(pairs > 0)) if (pairs <= 0).any() else len(pairs)]
    time = 2 * float(np.minimum.accumulate(positive).sum()) - 1
    return max(time, 1 / np.log10(correlations.size * 10))
