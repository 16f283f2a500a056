"""Errors of predicted ratings, and coverage of their prediction intervals."""

import numpy as np
from numpy.typing import NDArray

from blendmf.models.model import Model, TimedModel, UncertainModel
from blendmf.models.observations import Observations

PAIRS_PER_BLOCK = 2**18
"""Ratings predicted at a time, to limit the memory for the factors of their users and items."""

LEVELS = (0.5, 0.8, 0.9, 0.95)
"""Nominal coverages of the intervals."""

WITHIN = tuple(f"within_{round(100 * level)}" for level in LEVELS)
WIDTHS = tuple(f"width_{round(100 * level)}" for level in LEVELS)

ROUNDING = 1e-6
"""Tolerance for ratings at the bounds of an interval, as a share of the rating."""


def prediction_errors(
    model: Model, test: Observations, pairs_per_block: int = PAIRS_PER_BLOCK
) -> NDArray[np.float64]:
    """Predicted minus observed rating of each held-out rating, of shape (n,).

    A rating is predicted at its time, if the part has times and the model uses them. NaN throughout
    for a model that predicts no ratings.

    Raises
    ------
    ValueError
        If a model that predicts ratings predicts NaN.
    """
    if not model.predicts_ratings:
        return np.full(len(test), np.nan)
    starts = range(0, len(test), pairs_per_block)
    blocks = [slice(start, start + pairs_per_block) for start in starts]
    predicted = [
        model.predict(test.users[block], test.items[block], **_times(model, test, block))
        for block in blocks
    ]
    errors = np.concatenate([np.empty(0), *predicted]) - test.ratings.astype(np.float64)
    if np.isnan(errors).any():
        raise ValueError(f"the predicted ratings of the {model.kind} model contain NaN")
    return errors


def _times(model: Model, part: Observations, block: slice) -> dict[str, NDArray[np.int64]]:
    if part.times is None or not isinstance(model, TimedModel):
        return {}
    return {"seconds": part.times[block]}


def rmse(model: Model, part: Observations) -> float:
    """Root mean squared error on a non-empty part; NaN if the model predicts no ratings."""
    return float(np.sqrt(np.mean(prediction_errors(model, part) ** 2)))


def sum_by_user(
    users: NDArray[np.int32], values: NDArray[np.float64], n_users: int
) -> NDArray[np.float64]:
    """Sum of the values of each user's ratings, of shape (n_users,)."""
    return np.bincount(users, values, minlength=n_users).astype(np.float64, copy=False)


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
        ``rmse`` and ``mae`` pool all ratings; ``user_rmse`` and ``user_mae`` are means of the
        users' own values; ``squared_error`` is the sum over all ratings; ``n_ratings`` and
        ``n_users`` are the denominators.
    """
    n = int(n_ratings.sum())
    return {
        "rmse": float(np.sqrt(squared_error.sum() / n)),
        "mae": float(absolute_error.sum() / n),
        "user_rmse": float(np.sqrt(squared_error / n_ratings).mean()),
        "user_mae": float((absolute_error / n_ratings).mean()),
        "squared_error": float(squared_error.sum()),
        "n_ratings": n,
        "n_users": len(n_ratings),
    }


def rmse_interval(
    squared_error: NDArray[np.float64], n_ratings: NDArray[np.int64]
) -> tuple[float, float]:
    """95 % interval of the RMSE over all ratings, with users as the sampling unit.

    The mean squared error is a ratio of sums over users. Its variance is that of the residuals of
    the users' sums (linearisation), with Student's t for m - 1 degrees of freedom.

    Parameters
    ----------
    squared_error, n_ratings : ndarray of shape (m,)
        Sum over each user's held-out ratings, and their number, at least 1.

    Returns
    -------
    tuple of float
        Lower and upper bound; NaN for fewer than two users.

    References
    ----------
    W. G. Cochran, "Sampling Techniques", 3rd edition, Wiley 1977, section 6.3.
    """
    from scipy.special import stdtrit  # takes 0.1 s to load; commands on models do not need it

    m, n = len(n_ratings), n_ratings.sum()
    if m < 2:
        return np.nan, np.nan
    mean = squared_error.sum() / n
    residuals = squared_error - mean * n_ratings
    deviation = np.sqrt(m / (m - 1) * (residuals**2).sum()) / n
    room = stdtrit(m - 1, 0.975) * deviation
    return float(np.sqrt(max(mean - room, 0.0))), float(np.sqrt(mean + room))


def interval_sums(
    model: Model, test: Observations, pairs_per_block: int = PAIRS_PER_BLOCK
) -> dict[str, NDArray[np.float64]]:
    """Each user's number of held-out ratings inside their intervals, and the sum of the widths.

    Returns
    -------
    dict of ndarray, each of shape (n_users,)
        For each level ``within_{percent}``, a number of ratings, and ``width_{percent}``, in
        rating points; NaN throughout for a model without intervals.
    """
    n_users = test.shape[0]
    if not isinstance(model, UncertainModel):
        return {name: np.full(n_users, np.nan) for name in (*WITHIN, *WIDTHS)}
    sums = {name: np.zeros(n_users) for name in (*WITHIN, *WIDTHS)}
    for start in range(0, len(test), pairs_per_block):
        block = slice(start, start + pairs_per_block)
        users, ratings = test.users[block], test.ratings[block]
        times = _times(model, test, block)
        low, high = model.intervals(users, test.items[block], LEVELS, **times)
        tolerance = ROUNDING * np.abs(ratings)
        within = (low - tolerance <= ratings) & (ratings <= high + tolerance)
        for number in range(len(LEVELS)):
            of_level = within[number].astype(np.float64)
            sums[WITHIN[number]] += sum_by_user(users, of_level, n_users)
            sums[WIDTHS[number]] += sum_by_user(users, (high - low)[number], n_users)
    return sums
