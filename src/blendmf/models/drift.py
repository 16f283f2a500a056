"""How users' ratings rise or fall in the order in which they are given, taken out of the ratings.

An optimiser that does not learn the drift is given ratings as if all stood at one place of their
user's order, the place that ratings are to be predicted for.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from blendmf.models.baselines import fit_bias
from blendmf.models.observations import Observations

BIAS_SHRINKAGE = (15.0, 10.0)
"""Pseudo-counts of the user and item biases that drift is measured from."""

SHRINKAGE = 10.0
"""How strongly slopes are held to the common one, in sums of squared places; a rating has 1/12."""

LAST_PLACE = 0.5
"""Where a user's next rating stands in the order of the ratings so far."""


def predicted_place(validation: Observations) -> float:
    """Where the validation ratings stand on average in their users' order of training ratings.

    For a split by time that is the end; for a random one it is the middle, and to say that users
    have moved on would be wrong.
    """
    if validation.places is None or not len(validation):
        return LAST_PLACE
    return float(validation.places.mean(dtype=np.float64))


def user_slopes(
    train: Observations, places: NDArray[np.float32], rating_range: tuple[float, float]
) -> NDArray[np.float64]:
    """Slope of each user's ratings over their places, in rating steps, of shape (n_users,).

    A ridge regression of what biases leave of the ratings, about the slope that all users share.
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
    """The training part with ratings as if they were given where `validation` stands on average.

    As it is where the places of its ratings are not known.
    """
    if train.places is None:
        return train
    slopes = user_slopes(train, train.places, rating_range)
    moves = slopes[train.users] * (predicted_place(validation) - train.places)
    return replace(train, ratings=(train.ratings + moves).astype(np.float32))
