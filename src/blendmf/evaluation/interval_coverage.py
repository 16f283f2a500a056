"""Whether the intervals that a model gives hold as many held-out ratings as they say."""

import numpy as np
from numpy.typing import NDArray

from blendmf.evaluation.rating_metrics import PAIRS_PER_BLOCK, sum_by_user
from blendmf.models.model import Model, UncertainModel
from blendmf.models.observations import Observations

LEVELS = (0.5, 0.8, 0.9, 0.95)
"""Shares of the ratings that the intervals are to hold."""

WITHIN = tuple(f"within_{round(100 * level)}" for level in LEVELS)
WIDTHS = tuple(f"width_{round(100 * level)}" for level in LEVELS)

ROUNDING = 1e-6
"""Rating points by which an end may miss a rating that it meets."""


def interval_sums(
    model: Model, test: Observations, pairs_per_block: int = PAIRS_PER_BLOCK
) -> dict[str, NDArray[np.float64]]:
    """How many of each user's held-out ratings are in their intervals, and how wide these are.

    Returns
    -------
    dict of ndarray, each of shape (n_users,)
        For each level the number of ratings ``within_{percent}`` and the sum of the widths in
        rating points, ``width_{percent}``; NaN throughout for a model without intervals.
    """
    n_users = test.shape[0]
    if not isinstance(model, UncertainModel):
        return {name: np.full(n_users, np.nan) for name in (*WITHIN, *WIDTHS)}
    sums = {name: np.zeros(n_users) for name in (*WITHIN, *WIDTHS)}
    for start in range(0, len(test), pairs_per_block):
        block = slice(start, start + pairs_per_block)
        users, ratings = test.users[block], test.ratings[block]
        low, high = model.intervals(users, test.items[block], LEVELS)
        within = (low - ROUNDING <= ratings) & (ratings <= high + ROUNDING)
        for number in range(len(LEVELS)):
            of_level = within[number].astype(np.float64)
            sums[WITHIN[number]] += sum_by_user(users, of_level, n_users)
            sums[WIDTHS[number]] += sum_by_user(users, (high - low)[number], n_users)
    return sums
