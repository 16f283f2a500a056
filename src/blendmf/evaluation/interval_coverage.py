"""Coverage of prediction intervals: how many held-out ratings are inside them."""

import numpy as np
from numpy.typing import NDArray

from blendmf.evaluation.rating_metrics import PAIRS_PER_BLOCK, sum_by_user
from blendmf.models.model import Model, UncertainModel
from blendmf.models.observations import Observations

LEVELS = (0.5, 0.8, 0.9, 0.95)
"""Nominal coverages of the intervals."""

WITHIN = tuple(f"within_{round(100 * level)}" for level in LEVELS)
WIDTHS = tuple(f"width_{round(100 * level)}" for level in LEVELS)

ROUNDING = 1e-6
"""Rating points by which a rating at the end of an interval may miss it."""


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
        low, high = model.intervals(users, test.items[block], LEVELS)
        within = (low - ROUNDING <= ratings) & (ratings <= high + ROUNDING)
        for number in range(len(LEVELS)):
            of_level = within[number].astype(np.float64)
            sums[WITHIN[number]] += sum_by_user(users, of_level, n_users)
            sums[WIDTHS[number]] += sum_by_user(users, (high - low)[number], n_users)
    return sums
