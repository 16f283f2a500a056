"""The kernel of Gibbs sampling, called through `blendmf.training.kernels.compiled`.

The model of rating n of row x, in coordinates in which the row's prior is N(mean, 1), is

    target_n = x . z_n + e_n,   e_n ~ N(0, 1 / (precision * a)),
    z_n = Z[others[n], :width] + order[n] * slope,
    target_n = offset + values[n] * scale + order[n] * drift,

with the offset, scale and drift of the other side in the next three columns of Z. `a` is the row's
own relative precision, with a Gamma prior of mean 1 and `freedom` degrees of freedom; it is 1 if
`freedom` is 0.
"""

import math

import numpy as np
from numba import njit

from blendmf.training.kernels.gram import add_gram, aligned_zeros, empty_gram
from blendmf.training.kernels.vector_rows import (
    dot,
    fused,
    load_row,
    prefetch_row,
    scaled,
    store_row,
)

EXTRA_COLUMNS = 3
"""Columns of Z after the multipliers: offset, scale and drift."""

BLOCK = 64
"""Ratings whose multipliers are written to a block in the L1 cache at a time."""

AHEAD = 16
"""Ratings between the fetching of multipliers and their use."""

FEW_RATINGS = 6
"""Number of ratings up to which a row is drawn rating by rating, without a Gram matrix."""

MOST_IN_FLOAT32 = 1024
"""Ratings that are summed in float32 before their sum is added to one in float64."""

OVERRELAXATION = -0.7
"""Correlation of a draw's deviation from its conditional mean with that of the draw before. A
negative one makes the average over the draws more accurate; it leaves their distribution as it is
(S. L. Adler, Physical Review D 23, 1981)."""

INDEPENDENT = math.sqrt(1 - OVERRELAXATION**2)
"""Share of a draw's deviation that is independent of the draw before."""

DRAWN, EXPECTED, BEFORE = 0, 1, 2
"""Rows of work space: the draw, its conditional mean, and the draw before."""


def draw_rows(
    begin,
    end,
    indptr,
    others,
    values,
    order,
    Z,
    slope,
    means,
    normal,
    freedom,
    gammas,
    precision,
    X,
    expected,
    own_precision,
    squared_errors,
    lanes,
):
    """Draw rows `begin` to `end` - 1 given the other side, first `a` and then the row.

    Parameters
    ----------
    indptr : ndarray of int64
        Row k has the ratings ``indptr[k]`` to ``indptr[k + 1] - 1``.
    others : ndarray of int32, of shape (n_ratings,)
    values, order : ndarray of float32, of shape (n_ratings,)
    Z : ndarray of float32, of shape (m, columns)
        Aligned rows (`blendmf.training.kernels.vector_rows`).
    slope : ndarray of float32, of shape (1, columns)
        Aligned; zero from column `width` on.
    means : ndarray of float32, of shape (n, width)
    normal : ndarray of float32, of shape (n, width)
        Draws from the standard normal distribution.
    freedom : float
    gammas : ndarray of float64, of shape (n,)
        Draws from the Gamma distribution of shape (freedom + number of ratings) / 2.
    precision : float
    X : ndarray of float32, of shape (n, width)
        The rows, replaced.
    expected : ndarray of float32, of shape (n, width)
        On return the mean of each row given the other side and `a`.
    own_precision, squared_errors : ndarray of float64, of shape (n,)
        On return `a`, and the sum of e_n^2 of the new row.
    lanes : tuple
        See `blendmf.training.kernels.vector_rows`.
    """
    width, n_columns = X.shape[1], Z.shape[1]
    block = aligned_zeros(BLOCK, n_columns, np.float32)
    partial = empty_gram(width + 1, n_columns)
    gram = aligned_zeros(width + 1, n_columns, np.float64)
    U = aligned_zeros(width, n_columns, np.float64)
    V = aligned_zeros(width, n_columns, np.float64)
    x = aligned_zeros(3, n_columns, np.float64)
    units = aligned_zeros(width + 1, n_columns, np.float64)
    for f in range(width + 1):
        units[f, f] = 1.0
    for row in range(begin, end):
        first, last = indptr[row], indptr[row + 1]
        ratings = (others[first:last], values[first:last], order[first:last])
        x[BEFORE, :width] = X[row]
        if freedom == 0.0 and last - first <= min(FEW_RATINGS, width):
            given = (precision, means[row], normal[row])
            squared_errors[row] = _draw_by_rating(*ratings, Z, slope, *given, U, V, x, width, lanes)
            X[row], expected[row] = x[DRAWN, :width], x[EXPECTED, :width]
            own_precision[row] = 1.0
            continue
        _sum_ratings(*ratings, Z, slope, width, block, partial, gram, lanes)
        own = 1.0
        if freedom > 0.0:
            x[DRAWN, :width] = X[row]
            error = _squared_error(gram, x, width, lanes)
            own = gammas[row] / (0.5 * (freedom + precision * error))
        _draw(gram, precision * own, means[row], normal[row], units, U, V, x, width, lanes)
        X[row], expected[row] = x[DRAWN, :width], x[EXPECTED, :width]
        own_precision[row] = own
        squared_errors[row] = _squared_error(gram, x, width, lanes)


@njit(error_model="numpy")
def _draw_by_rating(
    others, values, order, Z, slope, precision, mean, normal, z, g, x, width, lanes
):
    """Draw a row into `x`, like `_draw`, and return the sum of its squared errors.

    An independent draw is m + S y, with a standard normal y. Each rating changes m, and multiplies
    S on the right by the symmetric root 1 - c g g' of the covariance of y given the rating, with
    g = S' z. `z` and `g` are work space, with one row per rating.
    """
    n = len(others)
    target, c = np.empty(FEW_RATINGS), np.empty(FEW_RATINGS)
    z[:n] = 0.0
    x[EXPECTED, :width] = mean
    m = load_row(x, EXPECTED, lanes)
    for k in range(n):
        of_other = Z[others[k]]
        for f in range(width):
            z[k, f] = of_other[f] + order[k] * slope[0, f]
        target[k] = (
            of_other[width] + values[k] * of_other[width + 1] + order[k] * of_other[width + 2]
        )
        seen = load_row(z, k, lanes)
        left = target[k] - dot(seen, m)
        for h in range(k):
            seen = _without(c[h], load_row(g, h, lanes), seen)
        store_row(g, k, seen)
        variance = 1.0 / precision + dot(seen, seen)
        c[k] = 1.0 / (variance + np.sqrt(variance / precision))
        for h in range(k - 1, -1, -1):
            seen = _without(c[h], load_row(g, h, lanes), seen)
        m = fused(left / variance, seen, m)
    x[DRAWN, :width] = normal
    y = load_row(x, DRAWN, lanes)
    for h in range(n - 1, -1, -1):
        y = _without(c[h], load_row(g, h, lanes), y)
    store_row(x, EXPECTED, m)
    drawn = _overrelaxed(load_row(x, BEFORE, lanes), m, y)
    store_row(x, DRAWN, drawn)
    total = 0.0
    for k in range(n):
        total += (target[k] - dot(load_row(z, k, lanes), drawn)) ** 2
    return total


@njit(error_model="numpy")
def _without(c, g, y):
    """(1 - c g g') y."""
    return fused(-c * dot(g, y), g, y)


def add_scores(mean, users, items, user_rows, item_rows, totals):
    """Add ``mean + b_u + b_i + p_u . q_i`` of each pair to `totals`, of shape (n,).

    Rows are of shape (1 + d,), the bias first; sums are in the order of the factors.
    """
    for n in range(len(users)):
        p, q = user_rows[users[n]], item_rows[items[n]]
        score = mean + p[0] + q[0]
        for f in range(1, len(p)):
            score += p[f] * q[f]
        totals[n] += score


@njit(error_model="numpy")
def _sum_ratings(others, values, order, Z, slope, width, block, partial, gram, lanes):
    """Write the upper triangle of the Gram matrix of all (z_n, target_n) to `gram`.

    Below it, `gram` must have zeros.
    """
    by_order = load_row(slope, 0, lanes)
    last = len(others) - 1
    for start in range(0, len(others), MOST_IN_FLOAT32):
        partial[:] = np.float32(0.0)
        stop = min(start + MOST_IN_FLOAT32, len(others))
        for begin in range(start, stop, BLOCK):
            n = min(BLOCK, stop - begin)
            for k in range(n):
                rating = begin + k
                prefetch_row(Z, others[min(rating + AHEAD, last)], lanes)
                other = others[rating]
                store_row(block, k, fused(order[rating], by_order, load_row(Z, other, lanes)))
                of_other = Z[other]
                block[k, width] = (
                    of_other[width]
                    + values[rating] * of_other[width + 1]
                    + order[rating] * of_other[width + 2]
                )
            add_gram(partial, block, n, width + 1)
        for f in range(width + 1):
            for g in range(f, width + 1):
                before = gram[f, g] if start else 0.0
                gram[f, g] = before + partial[f, g]


@njit(error_model="numpy")
def _squared_error(gram, x, width, lanes):
    """Sum of the squares of target_n - x . z_n, of the row `DRAWN` of `x`.

    With v = (x, -1) and U the upper triangle, it is v'(U + U' - diag U)v.
    """
    x[DRAWN, width] = -1.0
    row = load_row(x, DRAWN, lanes)
    product = scaled(0.0, row)
    diagonal = 0.0
    for f in range(width + 1):
        product = fused(x[DRAWN, f], load_row(gram, f, lanes), product)
        diagonal += x[DRAWN, f] * x[DRAWN, f] * gram[f, f]
    x[DRAWN, width] = 0.0
    return max(2.0 * dot(product, row) - diagonal, 0.0)


@njit(error_model="numpy")
def _draw(gram, precision, mean, normal, units, U, V, x, width, lanes):
    """Draw a row into `x` by its normal equations A x = b, with A = U'V, D = diag U and V = D^-1 U.

    Column `width` of V becomes U'^-1 b. `U` and `V` are work space. Row `BEFORE` of `x` is the draw
    before; rows `DRAWN` and `EXPECTED` are overwritten.
    """
    right_side = load_row(units, width, lanes)
    for f in range(width):
        row = fused(mean[f], right_side, scaled(precision, load_row(gram, f, lanes)))
        row = fused(1.0, load_row(units, f, lanes), row)
        # Two sums, so that the operations of one need not wait for those of the other.
        odd = scaled(0.0, row)
        for h in range(0, f - 1, 2):
            row = fused(-U[h, f], load_row(V, h, lanes), row)
            odd = fused(-U[h + 1, f], load_row(V, h + 1, lanes), odd)
        if f % 2:
            row = fused(-U[f - 1, f], load_row(V, f - 1, lanes), row)
        row = fused(1.0, odd, row)
        store_row(U, f, row)
        store_row(V, f, scaled(1.0 / U[f, f], row))
    for f in range(width):
        x[DRAWN, f] = normal[f] / np.sqrt(U[f, f])
        x[EXPECTED, f] = V[f, width]
    for f in range(width - 1, 0, -1):
        for g in range(f):
            x[DRAWN, g] -= V[g, f] * x[DRAWN, f]
            x[EXPECTED, g] -= V[g, f] * x[EXPECTED, f]
    deviation, mean_row = load_row(x, DRAWN, lanes), load_row(x, EXPECTED, lanes)
    store_row(x, DRAWN, _overrelaxed(load_row(x, BEFORE, lanes), mean_row, deviation))


@njit(error_model="numpy")
def _overrelaxed(before, mean, deviation):
    """Draw of the given mean, by the draw before and an independent draw's deviation."""
    moved = fused(OVERRELAXATION, before, scaled(INDEPENDENT, deviation))
    return fused(1.0 - OVERRELAXATION, mean, moved)
