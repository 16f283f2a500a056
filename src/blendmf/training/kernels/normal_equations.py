"""Assemble and solve normal equations in place; called by kernels.

A system of `width` unknowns is an array with `width` rows. It holds the upper triangle of the
matrix and, in column `width`, the right side. Further columns, if any, pad the rows to a multiple
of `LANES` for operations on whole vectors.
"""

import math

import numpy as np
from numba import njit

TOGETHER = 4
"""Number of rows added to a matrix in one pass over it."""

LANES = 8
"""Numbers per vector addition."""

SMALLEST_PIVOT = 1e-13
"""Share of the largest diagonal entry below which a pivot counts as a rounding error."""

FUSED = {"contract"}
"""Allows a product and a sum to become one instruction, which rounds once."""


@njit(error_model="numpy", fastmath=FUSED)
def add_products(A, z):
    """Add ``z' z`` to A, at least to its upper triangle.

    Parameters
    ----------
    z : ndarray of shape (TOGETHER, number of columns of A)
    """
    lanes, columns = np.uint64(LANES), np.uint64(A.shape[1])
    for f in range(np.uint64(len(A))):
        first, second, third, fourth = z[0, f], z[1, f], z[2, f], z[3, f]
        for g in range(f // lanes * lanes, columns):
            total = A[f, g] + first * z[0, g]
            total += second * z[1, g]
            total += third * z[2, g]
            A[f, g] = total + fourth * z[3, g]


@njit(error_model="numpy")
def decompose(A):
    """Replace A by its Cholesky factor R, with A = R'R, and the right side b by R'^-1 b.

    A pivot that is only a rounding error leaves its unknown undetermined; its row becomes 0.
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


@njit(error_model="numpy")
def substitute_back(A, x):
    """Write the solution of a decomposed system to x; undetermined unknowns become 0."""
    width = len(A)
    for f in range(width - 1, -1, -1):
        left = A[f, width]
        for g in range(f + 1, width):
            left -= A[f, g] * x[g]
        x[f] = left / A[f, f] if A[f, f] > 0.0 else 0.0


@njit(error_model="numpy", fastmath=FUSED)
def _take_multiple(A, f, h):
    """Subtract ``A[h, f]`` times row h of A from row f, from the diagonal on."""
    f, h = np.uint64(f), np.uint64(h)
    factor = A[h, f]
    for g in range(f, np.uint64(A.shape[1])):
        A[f, g] -= factor * A[h, g]
