"""Drift: the trend of a user's ratings in the order in which they are given, and its removal.

An optimiser without a drift term trains on ratings that are moved along the trend to one position
of the user's order, the one for which ratings are predicted.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from blendmf.models.baselines import fit_bias
from blendmf.models.observations import Observations

BIAS_SHRINKAGE = (15.0, 10.0)
"""Pseudo-counts of the user and item biases that drift is measured from."""

SHRINKAGE = 10.0
"""Ridge penalty of a slope's deviation from the common slope; a rating adds about 1/12."""

LAST_PLACE = 0.5
"""Position of a user's next rating."""


def predicted_place(validation: Observations) -> float:
    """Mean position of the validation ratings in the order of their users' training ratings.

    It is the end for a split by time and the middle for a random split, without a trend.
    """
    if validation.places is None or not len(validation):
        return LAST_PLACE
    return float(validation.places.mean(dtype=np.float64))


def user_slopes(
    train: Observations, places: NDArray[np.float32], rating_range: tuple[float, float]
) -> NDArray[np.float64]:
    """Slope of each user's ratings over their positions, in rating steps, of shape (n_users,).

    A ridge regression of the residuals of the biases, shrunken to the slope common to all users.
    """
    bias = fit_bias(train, rating_range, *BIAS_SHRINKAGE)
    left = train.ratings - bias.predict(train.users, train.items)
    at = places.astype(np.float64)
    n_users = train.shape[0]
    squares = np.bincount(train.users, at * at, minlength=n_users)
    products = np.bincount(train.users, at * left, minlength=n_users)
    common = products.sum() / (squares.sum() + SHRINKAGE)
    slopes: NDArray[np.float64] = common + (products - common * squares) / (squares + SHRINKAGE)
    return slopes


def without_drift(
    train: Observations, validation: Observations, rating_range: tuple[float, float]
) -> Observations:
    """The training part with ratings moved to the mean position of the validation ratings.

    Unchanged if the positions are unknown.
    """
    if train.places is None:
        return train
    slopes = user_slopes(train, train.places, rating_range)
    moves = slopes[train.users] * (predicted_place(validation) - train.places)
    return replace(train, ratings=(train.ratings + moves).astype(np.float32))
