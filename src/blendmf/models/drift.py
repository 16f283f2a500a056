"""Drift: the trend of a user's ratings over the user's rating order, and its removal.

An optimiser without a drift term trains on ratings that are shifted along the trend to the position
for which ratings are predicted.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from blendmf.models.baselines import fit_bias
from blendmf.models.observations import Observations
from blendmf.models.rating_times import RatingTimes

BIAS_SHRINKAGE = (15.0, 10.0)
"""Pseudo-counts of the user and item biases from whose residuals slopes are estimated."""

SHRINKAGE = 10.0
"""Ridge penalty on a slope's deviation from the common slope; a rating weighs about 1/12."""

LAST_POSITION = 0.5
"""Position of a user's next rating."""


def predicted_position(times: RatingTimes | None, validation: Observations) -> float:
    """Mean position of the validation ratings in the order of their users' training ratings.

    About 0.5 (end) for a split by time, about 0 for a random one; `LAST_POSITION` if unknown.
    """
    if times is None or validation.times is None or not len(validation):
        return LAST_POSITION
    return float(times.positions(validation.users, validation.times).mean(dtype=np.float64))


def user_slopes(
    train: Observations, positions: NDArray[np.float32], rating_range: tuple[float, float]
) -> NDArray[np.float64]:
    """Slope of each user's ratings from first to last, in rating units, of shape (n_users,).

    A ridge regression of the residuals of the biases, shrunk towards the slope of all users.
    """
    bias = fit_bias(train, rating_range, *BIAS_SHRINKAGE)
    left = train.ratings - bias.predict(train.users, train.items)
    at = positions.astype(np.float64)
    n_users = train.shape[0]
    squares = np.bincount(train.users, at * at, minlength=n_users)
    products = np.bincount(train.users, at * left, minlength=n_users)
    common = products.sum() / (squares.sum() + SHRINKAGE)
    slopes: NDArray[np.float64] = common + (products - common * squares) / (squares + SHRINKAGE)
    return slopes


@lru_cache(maxsize=1)
def without_drift(
    train: Observations, validation: Observations, rating_range: tuple[float, float]
) -> Observations:
    """The training part with ratings shifted to the mean position of the validation ratings.

    Unchanged if the times are unknown or all equal. The last result is kept, because the trials of
    a search have the same parts.
    """
    times = RatingTimes.of(train)
    if times is None or train.times is None:
        return train
    positions = times.positions(train.users, train.times)
    slopes = user_slopes(train, positions, rating_range)
    moves = slopes[train.users] * (predicted_position(times, validation) - positions)
    return replace(train, ratings=(train.ratings + moves).astype(np.float32))
