"""Paired differences of all pairs of models on all metrics."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.evaluation.bins import user_history
from blendmf.evaluation.bootstrap import ROUNDING, holm
from blendmf.evaluation.user_metrics import Measured, higher_is_better, measure

DIFFERENCE_COLUMNS = [
    *("metric", "model_a", "model_b", "difference", "low", "high", "p_value", "p_holm"),
    *("relative_percent", "effect_size", "share_a_better", "seed_sd", "n_users"),
]

GROUP_COLUMNS = [
    *("metric", "stratum", "bin", "model_a", "model_b", "difference", "low", "high", "n_users")
]


def differences_table(measured: Mapping[str, Measured]) -> pd.DataFrame:
    """Compare every pair of models on every metric that both have.

    Returns
    -------
    DataFrame
        One row per metric and pair, columns `DIFFERENCE_COLUMNS`:

        - ``difference``: ``model_a - model_b``; ``low`` and ``high`` bound its 95 % interval over
          the users; ``p_holm`` is ``p_value`` corrected among the pairs of the metric.
        - ``relative_percent``: the difference in percent of the value of ``model_b``.
        - ``effect_size``: see `effect_size`.
        - ``share_a_better``: share of the users for whom ``model_a`` is better; ties count half.
        - ``seed_sd``: standard deviation over seeds of the difference between two single fits.
          Models with a single fit, where others have more, are deterministic and count as 0.
          Missing if every model was fitted once.
        - ``n_users``: users with a value.
    """
    seeds = max((len(fits) for of in measured.values() for fits in of.by_seed.values()), default=1)
    tables = [_pairs(metric, of, seeds) for metric, of in measured.items() if len(of.models) > 1]
    return (
        pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=DIFFERENCE_COLUMNS)
    )


def group_differences(
    tables: Sequence[pd.DataFrame], models: Sequence[str], resamples: int, seed: int
) -> pd.DataFrame:
    """Compare every pair of models on RMSE among users with about equally many training ratings.

    The groups are the bins of the stratum ``user-history``; one with a single user has no interval
    and is left out. Each group is compared as all users are: see `measure`, whose arguments these
    are, and `differences_table`. There is no correction for the number of groups.

    Returns
    -------
    DataFrame
        One row per group and pair, columns `GROUP_COLUMNS`.
    """
    bins = [user_history(table["n_train"].to_numpy()) for table in tables]
    needed = [table[["user_id", "n_ratings", "squared_error"]] for table in tables]
    found = [pd.DataFrame(columns=GROUP_COLUMNS)]
    for name in pd.unique(user_history(np.sort(tables[0]["n_train"].to_numpy()))):
        own = [
            table[of_user == name].reset_index(drop=True)
            for table, of_user in zip(needed, bins, strict=True)
        ]
        if len(own[0]) > 1:
            measured = measure(own, models, resamples, seed, metrics=("rmse",))
            differences = differences_table(measured).assign(stratum="user-history", bin=name)
            found.append(differences[GROUP_COLUMNS])
    return pd.concat([table for table in found if len(table)] or found, ignore_index=True)


def effect_size(difference: float, influence: NDArray[np.float64]) -> float:
    """Difference divided by its standard deviation over users.

    For a mean over users this is Cohen's d_z of paired samples. For metrics that pool the ratings
    of all users, such as RMSE, linearised contributions take the place of the paired differences.
    Times the root of the number of users it is the t statistic of the paired comparison.

    Parameters
    ----------
    difference : float
    influence : ndarray of shape (n_users,)
        One model's influence values minus the other's.

    Returns
    -------
    float
        0 for equal models; NaN if the contributions do not vary over users.

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
    """Share of the users for whom the first of two models is better; ties count half.

    `a` and `b` hold the users' values, of shape (n_users,); `higher` says whether greater ones
    are better.
    """
    gain = a - b if higher else b - a
    return float(np.where(np.abs(gain) <= ROUNDING, 0.5, gain > 0).mean())


def _pairs(metric: str, measured: Measured, seeds: int) -> pd.DataFrame:
    """Rows of one metric."""
    influence, per_user = measured.sums.influence().T, measured.sums.per_user().T
    higher = higher_is_better(metric)
    # A single fit where other models have several is that of a deterministic model.
    single = np.nan if seeds == 1 else 0.0
    spread = {
        model: measured.seed_sd(model) if len(fits) > 1 else single
        for model, fits in measured.by_seed.items()
    }
    rows = []
    for (i, a), (j, b) in combinations(enumerate(measured.models), 2):
        gap, base = measured.difference([a], [b]), measured.value(b)
        rows.append(
            {
                "model_a": a,
                "model_b": b,
                "difference": gap.value,
                "low": gap.low,
                "high": gap.high,
                "p_value": gap.p_value,
                "relative_percent": 100.0 * gap.value / base if base else np.nan,
                "effect_size": effect_size(gap.value, influence[i] - influence[j]),
                "share_a_better": share_better(per_user[i], per_user[j], higher=higher),
                "seed_sd": np.hypot(spread[a], spread[b]),
            }
        )
    table = pd.DataFrame(rows)
    table = table.assign(p_holm=holm(table["p_value"]), n_users=measured.n_users, metric=metric)
    return table[DIFFERENCE_COLUMNS]
