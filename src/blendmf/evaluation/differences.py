"""How far every pair of models differs on every metric, paired over the users."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.evaluation.bootstrap import (
    ROUNDING,
    bootstrap_p_values,
    holm,
    percentile_interval,
)
from blendmf.evaluation.user_metrics import Measured, higher_is_better

COLUMNS = [
    "metric",
    "model_a",
    "model_b",
    "difference",
    "low",
    "high",
    "p_value",
    "p_holm",
    "relative_percent",
    "effect_size",
    "share_a_better",
    "seed_sd",
    "n_users",
]


def differences_table(measured: Mapping[str, Measured]) -> pd.DataFrame:
    """Difference of every pair of models on every metric that both have.

    Returns
    -------
    DataFrame
        One row per metric and pair; columns as in `COLUMNS`:

        - ``difference``: ``model_a - model_b``; ``low`` and ``high`` bound its 95 % interval over
          the users; ``p_holm`` is ``p_value`` corrected among the pairs of the metric.
        - ``relative_percent``: the difference in percent of the value of ``model_b``.
        - ``effect_size``: as `effect_size` has it.
        - ``share_a_better``: share of the users whom ``model_a`` serves better, ties being half.
        - ``seed_sd``: standard deviation of the difference of one fit of each model, by the
          spread of both over seeds, which is no part of the interval. A model with fewer fits
          than others has no chance in it; missing where every model was fitted once.
        - ``n_users``: users with a part in the metric.
    """
    seeds = max((len(fits) for of in measured.values() for fits in of.by_seed), default=1)
    tables = [_of_metric(metric, of, seeds) for metric, of in measured.items()]
    tables = [table for table in tables if not table.empty]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)


def effect_size(difference: float, influence: NDArray[np.float64]) -> float:
    """Size of a difference beside what it varies by from user to user.

    The difference over the standard deviation of the users' influence on it. Where a metric is a
    mean over users, these are the paired differences, and this is Cohen's d_z for paired samples;
    where it pools the ratings of all users, as RMSE does, the linearised contributions stand in
    for them. The size has the difference's sign, and times the root of the number of users it is
    the t statistic of the paired comparison.

    Parameters
    ----------
    difference : float
    influence : ndarray of shape (n_users,)
        One model's influence values minus the other's.

    Returns
    -------
    float
        0 for equal models; NaN where all users contribute alike, so that nothing varies.

    References
    ----------
    D. Lakens, "Calculating and reporting effect sizes to facilitate cumulative science: a
    practical primer for t-tests and ANOVAs", Frontiers in Psychology 4:863, 2013.
    """
    if abs(difference) <= ROUNDING:
        return 0.0
    deviation = float(influence.std(ddof=1)) if len(influence) > 1 else 0.0
    return difference / deviation if deviation > ROUNDING else np.nan


def share_better(a: NDArray[np.float64], b: NDArray[np.float64], *, higher: bool) -> float:
    """Share of the users for whom the first of two models is the better one, ties being half.

    Parameters
    ----------
    a, b : ndarray of shape (n_users,)
        The users' values under both.
    higher : bool
        Whether a greater value is the better one.
    """
    gain = a - b if higher else b - a
    return float(np.where(np.abs(gain) <= ROUNDING, 0.5, gain > 0).mean())


def _of_metric(metric: str, measured: Measured, seeds: int) -> pd.DataFrame:
    """Rows of one metric."""
    values = np.array([fits.mean() for fits in measured.by_seed])
    spread = np.array([_seed_deviation(fits, seeds) for fits in measured.by_seed])
    names = np.array(measured.models, dtype=object)
    a, b = np.triu_indices(len(names), k=1)
    drawn = measured.resampled[:, a] - measured.resampled[:, b]
    low, high = percentile_interval(drawn)
    p_values = bootstrap_p_values(drawn, measured.n_users)
    difference = values[a] - values[b]
    influence, per_user = measured.sums.influence().T, measured.sums.per_user().T
    higher = higher_is_better(metric)
    pairs = list(zip(a, b, strict=True))
    table = pd.DataFrame(
        {
            "model_a": names[a],
            "model_b": names[b],
            "difference": difference,
            "low": low,
            "high": high,
            "p_value": p_values,
            "p_holm": holm(p_values),
            "relative_percent": 100.0 * difference / np.where(values[b] == 0, np.nan, values[b]),
            "effect_size": [
                effect_size(gap, influence[i] - influence[j])
                for (i, j), gap in zip(pairs, difference.tolist(), strict=True)
            ],
            "share_a_better": [
                share_better(per_user[i], per_user[j], higher=higher) for i, j in pairs
            ],
            "seed_sd": np.hypot(spread[a], spread[b]),
        }
    )
    return table.assign(metric=metric, n_users=measured.n_users)[COLUMNS]


def _seed_deviation(fits: NDArray[np.float64], seeds: int) -> float:
    """Standard deviation over the seeds; 0 for a model that chance has no part in."""
    if seeds == 1:
        return np.nan
    return float(fits.std(ddof=1)) if len(fits) > 1 else 0.0
