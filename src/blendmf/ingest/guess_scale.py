"""Guesses the scale of ratings, and values that mark items as not rated."""

import numpy as np
from numpy.typing import NDArray

USUAL_SCALES = (
    *((0, 1), (-1, 1), (1, 5), (0.5, 5), (0, 5), (1, 7), (1, 10), (0.5, 10), (0, 10)),
    *((-5, 5), (-10, 10), (1, 100), (0, 100)),
)
LEAST_COVERED = 1 / 2
"""Smallest share of a usual scale that ratings must cover to be of that scale."""

LEAST_OF_MARKERS = 1 / 200
"""Smallest share of all rows that have a marker."""

MANY_ZEROS = 1 / 3
"""Share of ratings of 0 from which on they may mean something else."""


def markers(values: NDArray[np.float64], counts: NDArray[np.int64]) -> list[float]:
    """Values that mark items as not rated: the lowest, the highest, both or none.

    A value is one if it is a whole number and frequent, and if it is either farther from the others
    than they are from each other, or the only negative one below much larger ones.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Distinct ratings, ascending.
    counts : ndarray of shape (n,)
        Number of rows of each.
    """
    found = []
    for end, others in ((0, values[1:]), (-1, values[:-1])):
        if len(others) < 2:
            continue
        value, low, high = values[end], others[0], others[-1]
        is_far = min(abs(value - low), abs(value - high)) > high - low
        is_negative_alone = value < 0 <= low and high > -2 * value
        is_frequent = counts[end] >= max(2, LEAST_OF_MARKERS * counts.sum())
        if value % 1 == 0 and is_frequent and (is_far or is_negative_alone):
            found.append(float(value))
    return found


def scale(values: NDArray[np.float64]) -> tuple[tuple[float, float], str]:
    """The range that ratings may have, and on what that rests.

    That is the narrowest usual scale that contains them, if they cover enough of it; otherwise the
    lowest and the highest.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Distinct ratings, ascending.
    """
    low, high = float(values[0]), float(values[-1])
    seen = f"The ratings are from {low:.10g} to {high:.10g}"
    if (low, high) in USUAL_SCALES:
        return (low, high), f"{seen}."
    covering = [
        (a, b)
        for a, b in USUAL_SCALES
        if a <= low and high <= b and high - low >= LEAST_COVERED * (b - a)
    ]
    if not covering:
        return (low, high), f"{seen}; please widen this if others are possible."
    a, b = min(covering, key=lambda bounds: bounds[1] - bounds[0])
    return (a, b), f"{seen}; {a:g} to {b:g} is the usual scale that contains them. Please check."


def doubt_about_zeros(values: NDArray[np.float64], counts: NDArray[np.int64]) -> str | None:
    """Why ratings of 0 may mark items as not rated; None if they do not seem to."""
    if values[0] != 0 or len(values) < 4 or counts[0] < MANY_ZEROS * counts.sum():
        return None
    return (
        f"{counts[0]:,} of {counts.sum():,} ratings are 0: if 0 means not rated, add unrated: [0] "
        "and raise the lower end of rating_range"
    )
