"""Ranges of axes that keep close values apart when a few lie far off."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

FAR = 2.0
"""A value is far off from this many times the median distance to the best one."""


def close_to_best(values: ArrayLike, higher_is_better: bool = False) -> NDArray[np.bool_]:
    """Mark the values that are worth an axis of their own: those not far off from the best.

    Parameters
    ----------
    values : array_like of shape (n,)
        NaN where there is none.
    higher_is_better : bool

    Returns
    -------
    ndarray of bool, of shape (n,)
        False for NaN and for values whose distance to the best is more than `FAR` times the
        median distance. With one or two values all are close.
    """
    array = np.asarray(values, dtype=np.float64)
    known = np.isfinite(array)
    if not known.any():
        return known
    best = array[known].max() if higher_is_better else array[known].min()
    distance = np.abs(array - best)
    others = np.sort(distance[known])[1:]
    if len(others) < 2 or np.median(others) == 0:
        return known
    near: NDArray[np.bool_] = np.nan_to_num(distance, nan=np.inf) <= FAR * np.median(others)
    return known & near


def padded(low: float, high: float, share: float = 0.06) -> tuple[float, float]:
    """Widen a range by a share of its width on each side; a range of no width by a little."""
    room = (high - low) * share or max(abs(high) * 0.01, 1e-3)
    return low - room, high + room
