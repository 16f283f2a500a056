"""The kernels of alternating least squares, entered through `blendmf.training.compiled`.

Arguments that they share:

X, Y : ndarray of float64, of shape (n, d + 1) and (m, d + 1)
    Rows of one side and of the other: the factors, and the bias in the last column.
"""

import math

import numpy as np
from numba import njit

TOGETHER = 4
"""Rows that are added to, or taken from, a matrix at a time; each time it is read and written."""

SMALLEST_PIVOT = 1e-13
"""Share of the largest diagonal entry below which a pivot is nothing but rounding."""


FUSED = {"contract"}
"""Lets a product and a sum become one instruction, which rounds once."""


def solve_rows(begin, end, indptr, others, centred, X, Y, penalty, bias_penalty):
    """Set the rows from `begin` to `end` of X to the minimum of the objective, Y given.

    With z_i = (q_i, 1) for the n ratings of a row, the row is the solution x of

        (sum z_i z_i' + n diag(penalty, ..., penalty, bias_penalty)) x = sum z_i (r_i - mu - b_i).

    A row without ratings becomes zero.

    Parameters
    ----------
    indptr, others : ndarray of int
        CSR arrays: row k has ratings with the rows ``others[indptr[k] : indptr[k + 1]]`` of Y.
    centred : ndarray of float64
        Those ratings, less mu.
    """
    width = X.shape[1]
    bias, right = width - 1, width
    A = np.empty((width, width + 1))
    z = np.empty((TOGETHER, width + 1))
    for row in range(begin, end):
        first, last = indptr[row], indptr[row + 1]
        A[:] = 0.0
        for start in range(first, last, TOGETHER):
            for k in range(TOGETHER):
                n = start + k
                if n < last:
                    i = others[n]
                    for f in range(bias):
                        z[k, f] = Y[i, f]
                    z[k, bias] = 1.0
                    z[k, right] = centred[n] - Y[i, bias]
                else:
                    z[k] = 0.0
            _add_products(A, z)
        for f in range(bias):
            A[f, f] += (last - first) * penalty
        A[bias, bias] += (last - first) * bias_penalty
        _solve(A, X[row])


@njit(error_model="numpy", fastmath=FUSED)
def _add_products(A, z):
    """Add the upper part of ``z' z``, without its last row, to A."""
    width = np.uint64(len(A))
    for f in range(width):
        for g in range(f, width + np.uint64(1)):
            total = A[f, g]
            for k in range(TOGETHER):
                total += z[k, f] * z[k, g]
            A[f, g] = total


@njit(error_model="numpy")
def _solve(A, x):
    """Write the solution of normal equations to x, by Cholesky's decomposition in place.

    Where a pivot is nothing but rounding, the equations leave an unknown open and it becomes 0.

    Parameters
    ----------
    A : ndarray of shape (width, width + 1)
        The upper triangle of the matrix, and the right side as the last column.
    """
    width = len(A)
    largest = 0.0
    for f in range(width):
        largest = max(largest, A[f, f])
    for f in range(width):
        for h in range(f):
            _take_multiple(A, f, h)
        scale = 1.0 / math.sqrt(A[f, f]) if A[f, f] > SMALLEST_PIVOT * largest else 0.0
        for g in range(f, width + 1):
            A[f, g] *= scale
    for f in range(width - 1, -1, -1):
        left = A[f, width]
        for g in range(f + 1, width):
            left -= A[f, g] * x[g]
        x[f] = left / A[f, f] if A[f, f] > 0.0 else 0.0


@njit(error_model="numpy", fastmath=FUSED)
def _take_multiple(A, f, h):
    """Take ``A[h, f]`` times row h of A from row f, from the diagonal on."""
    f, h = np.uint64(f), np.uint64(h)
    factor = A[h, f]
    for g in range(f, np.uint64(A.shape[1])):
        A[f, g] -= factor * A[h, g]


def sum_squared_errors(users, items, ratings, mu, low, high, X, Y):
    """Sum of (r - r_hat)^2, with r_hat clipped to [low, high].

    Parameters
    ----------
    users, items, ratings : ndarray of shape (n,)
        Positions of rows of X and of Y, and ratings.
    """
    bias = X.shape[1] - 1
    total = 0.0
    for n in range(len(ratings)):
        x, y = X[users[n]], Y[items[n]]
        score = mu + x[bias] + y[bias]
        for f in range(bias):
            score += x[f] * y[f]
        error = ratings[n] - min(max(score, low), high)
        total += error * error
    return total
