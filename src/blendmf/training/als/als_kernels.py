"""The kernels of alternating least squares, called through `blendmf.training.kernels.compiled`.

Shared arguments:

X, Y : ndarray of float64, of shape (n, d + 1) and (m, d + 1)
    Rows of one side (users or items) and of the other: factors, and the bias in the last column.
"""

import numpy as np

from blendmf.training.kernels.normal_equations import (
    TOGETHER,
    add_products,
    decompose,
    substitute_back,
)


def solve_rows(begin, end, indptr, others, centred, X, Y, penalty, bias_penalty):
    """Set rows `begin` to `end` - 1 of X to the minimum of the objective, with Y fixed.

    With z_i = (q_i, 1) for the n ratings of a row, the row is the solution x of

        (sum z_i z_i' + n diag(penalty, ..., penalty, bias_penalty)) x = sum z_i (r_i - mu - b_i).

    A row without ratings becomes zero.

    Parameters
    ----------
    indptr, others : ndarray of int
        CSR arrays: row k has ratings with the rows ``others[indptr[k] : indptr[k + 1]]`` of Y.
    centred : ndarray of float64
        The ratings minus mu, in the same order.
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
            add_products(A, z)
        for f in range(bias):
            A[f, f] += (last - first) * penalty
        A[bias, bias] += (last - first) * bias_penalty
        decompose(A)
        substitute_back(A, X[row])


def sum_squared_errors(users, items, ratings, mu, low, high, X, Y):
    """Sum of (r - r_hat)^2, with r_hat clipped to [low, high].

    Parameters
    ----------
    users, items, ratings : ndarray of shape (n,)
        Row indices of X and of Y, and ratings.
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
