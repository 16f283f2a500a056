"""The kernel of `blendmf.training.bayes.moment_effects`, called through `compiled`."""

import numpy as np
from numba import njit

from blendmf.training.kernels.vector_rows import dot, load_row


def draw_moments(
    begin,
    end,
    indptr,
    others,
    ratings,
    order,
    seconds,
    multipliers,
    item_rows,
    bias,
    slopes,
    precisions,
    strengths,
    inner_gap,
    outer_gap,
    first_inner,
    first_outer,
    inner_normal,
    outer_normal,
    inner_effects,
    outer_effects,
    squares,
    left,
    lanes,
):
    """Draw the effects of the users `begin` to `end` - 1; see `MomentSampler`.

    On return `left` has the ratings without the effects, and `squares`, of shape (m, 2), the sum of
    each user's squared inner and outer effects.
    """
    of_inner, of_outer = strengths[0], strengths[1]
    for row in range(begin, end):
        first, last = indptr[row], indptr[row + 1]
        own, precision = load_row(multipliers, row, lanes), precisions[row]
        for n in range(first, last):
            score = dot(own, load_row(item_rows, others[n], lanes))
            left[n] = ratings[n] - (score + bias[row] + order[n] * slopes[row])
        inner, outer = first_inner[row], first_outer[row]
        start = first
        while start < last:
            total, weighted, stop = of_outer, 0.0, start
            while stop < last and (stop == start or seconds[stop] - seconds[stop - 1] <= outer_gap):
                after, error = _inner_sum(left, seconds, stop, last, inner_gap)
                n_ratings = after - stop
                weight = 1 / (1 / of_inner + 1 / (precision * n_ratings))
                total += weight
                weighted += weight * error / n_ratings
                stop = after
            outer_effect = weighted / total + outer_normal[outer] / np.sqrt(total)
            outer_effects[outer] = outer_effect
            squares[row, 1] += outer_effect * outer_effect
            outer += 1
            while start < stop:
                after, error = _inner_sum(left, seconds, start, stop, inner_gap)
                n_ratings = after - start
                total = of_inner + precision * n_ratings
                mean = precision * (error - n_ratings * outer_effect) / total
                effect = mean + inner_normal[inner] / np.sqrt(total)
                inner_effects[inner] = effect
                squares[row, 0] += effect * effect
                inner += 1
                for n in range(start, after):
                    left[n] = ratings[n] - outer_effect - effect
                start = after


@njit(error_model="numpy")
def _inner_sum(left, seconds, start, last, gap):
    """End of the sequence without a longer gap that starts at `start`, and its sum."""
    total, stop = np.float64(left[start]), start + 1
    while stop < last and seconds[stop] - seconds[stop - 1] <= gap:
        total += left[stop]
        stop += 1
    return stop, total
