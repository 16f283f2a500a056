"""How far the predicted ratings are from the held-out ones."""

import numpy as np
from numpy.typing import NDArray

from blendmf.data.observations import Observations
from blendmf.models.model import Model

PAIRS_PER_BLOCK = 2**18
"""Ratings predicted at a time, which bounds the memory for the factors of their users and items."""


def prediction_errors(
    model: Model, test: Observations, pairs_per_block: int = PAIRS_PER_BLOCK
) -> NDArray[np.float64]:
    """Predicted minus observed rating of each held-out rating, of shape (n,).

    NaN throughout for a model that predicts no ratings.

    Raises
    ------
    ValueError
        If a model that predicts ratings predicts NaN.
    """
    if not model.predicts_ratings:
        return np.full(len(test), np.nan)
    starts = range(0, len(test), pairs_per_block)
    blocks = [slice(start, start + pairs_per_block) for start in starts]
    predicted = [model.predict(test.users[block], test.items[block]) for block in blocks]
    errors = np.concatenate([np.empty(0), *predicted]) - test.ratings.astype(np.float64)
    if np.isnan(errors).any():
        raise ValueError(f"the predicted ratings of the {model.kind} model contain NaN")
    return errors


def rating_metrics(
    squared_error: NDArray[np.float64],
    absolute_error: NDArray[np.float64],
    n_ratings: NDArray[np.int64],
) -> dict[str, float | int]:
    """Root mean squared and mean absolute error, over all ratings and averaged over users.

    Parameters
    ----------
    squared_error, absolute_error : ndarray of shape (m,)
        Sums over each user's held-out ratings.
    n_ratings : ndarray of int64, of shape (m,)
        Held-out ratings of each user, at least 1.

    Returns
    -------
    dict
        ``rmse`` and ``mae`` pool all ratings; ``user_rmse`` and ``user_mae`` are the means over
        users of each user's own; ``n_ratings`` and ``n_users`` are their denominators.
    """
    n = int(n_ratings.sum())
    return {
        "rmse": float(np.sqrt(squared_error.sum() / n)),
        "mae": float(absolute_error.sum() / n),
        "user_rmse": float(np.sqrt(squared_error / n_ratings).mean()),
        "user_mae": float((absolute_error / n_ratings).mean()),
        "n_ratings": n,
        "n_users": len(n_ratings),
    }
