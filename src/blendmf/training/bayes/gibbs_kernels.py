"""The kernels of Gibbs sampling, called through `blendmf.training.kernels.compiled`.

Shared arguments, for the ratings of one row:

targets, weights, order : ndarray of float64, of shape (n_ratings,)
others : ndarray of int32, of shape (n_ratings,)
Z : ndarray of float64, of shape (m, width)
slope : ndarray of float64, of shape (width,)
    The model of rating n of row x is

        targets[n] = x . (Z[others[n]] + order[n] slope) + e_n,   e_n ~ N(0, 1 / weights[n]^2).

x : ndarray of float64, of shape (width,)
    On entry a draw from the row's prior, the standard normal distribution; on return a draw from
    its posterior.
"""

import numpy as np
from numba import njit

from blendmf.training.kernels.normal_equations import (
    LANES,
    TOGETHER,
    add_products,
    decompose,
    substitute_back,
)


def draw_rows(begin, end, indptr, others, targets, weights, order, noise, Z, slope, X):
    """Draw rows `begin` to `end` - 1 of X in place, given the other side.

    Parameters
    ----------
    indptr : ndarray of int
        Row k has the ratings ``indptr[k]`` to ``indptr[k + 1] - 1``.
    noise : ndarray of float64, of shape (n_ratings,)
        Draws from the standard normal distribution.
    X : ndarray of float64, of shape (n, width)
    """
    width = X.shape[1]
    A = np.empty((width, _columns(width)))
    z = np.zeros((TOGETHER, _columns(width)))
    for row in range(begin, end):
        first, last = indptr[row], indptr[row + 1]
        ratings = (others[first:last], targets[first:last], weights[first:last], order[first:last])
        if last - first >= width:
            _draw_by_equations(*ratings, Z, slope, X[row], A, z)
        elif last > first:
            _draw_by_correction(*ratings, noise[first:last], Z, slope, X[row])


@njit(error_model="numpy")
def _draw_by_equations(others, targets, weights, order, Z, slope, x, A, z):
    """Draw a row by its normal equations; `A` and `z` are work space."""
    width, n_ratings = len(x), len(others)
    A[:] = 0.0
    for start in range(0, n_ratings, TOGETHER):
        for k in range(TOGETHER):
            n = start + k
            if n < n_ratings:
                _fill(z[k, :width], Z[others[n]], weights[n], order[n], slope)
                z[k, width] = weights[n] * targets[n]
            else:
                z[k] = 0.0
        add_products(A, z)
    for f in range(width):
        A[f, f] += 1.0
    decompose(A)
    for f in range(width):
        A[f, width] += x[f]
    substitute_back(A, x)


@njit(error_model="numpy")
def _draw_by_correction(others, targets, weights, order, noise, Z, slope, x):
    """Draw a row with few ratings by Matheron's rule.

    The draw from the prior is corrected by the residuals of the ratings. The linear system has one
    unknown per rating.

    References
    ----------
    A. Bhattacharya, A. Chakraborty and B. K. Mallick, "Fast sampling with Gaussian scale mixture
    priors in high-dimensional regression", Biometrika 103 (2016).
    """
    width, n_ratings = len(x), len(others)
    rows = np.empty((n_ratings, width))
    system = np.zeros((n_ratings, _columns(n_ratings)))
    z = np.zeros((TOGETHER, _columns(n_ratings)))
    for n in range(n_ratings):
        _fill(rows[n], Z[others[n]], weights[n], order[n], slope)
        predicted = noise[n] + _product(rows[n], x)
        system[n, n] = 1.0
        system[n, n_ratings] = weights[n] * targets[n] - predicted
    for start in range(0, width, TOGETHER):
        for k in range(TOGETHER):
            for n in range(n_ratings):
                z[k, n] = rows[n, start + k] if start + k < width else 0.0
        add_products(system, z)
    decompose(system)
    moves = np.empty(n_ratings)
    substitute_back(system, moves)
    for n in range(n_ratings):
        move = moves[n]
        for f in range(width):
            x[f] += move * rows[n, f]


@njit(error_model="numpy")
def _columns(width):
    """Number of columns of a padded system (`blendmf.training.kernels.normal_equations`)."""
    return (width // LANES + 1) * LANES


@njit(error_model="numpy")
def _fill(row, of_other, weight, position, slope):
    """Write the weighted multipliers of one rating to `row`."""
    for f in range(len(slope)):
        row[f] = weight * (of_other[f] + position * slope[f])


def pair_products(users, items, X, Y, products):
    """Write ``X[users[n]] . Y[items[n]]`` to ``products[n]``."""
    for n in range(len(users)):
        products[n] = _product(X[users[n]], Y[items[n]])


@njit(error_model="numpy", fastmath={"contract", "reassoc"})
def _product(x, y):
    """x . y, with sums in any order."""
    total = 0.0
    for f in range(len(x)):
        total += x[f] * y[f]
    return total
