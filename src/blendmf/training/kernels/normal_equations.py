"""Normal equations, added up and solved in place; the building stones of kernels.

A system of `width` unknowns is an array with a row for each: the upper triangle of its matrix, and
the right side as column `width`. Columns beyond it, up to a multiple of `LANES`, are room that lets
whole vectors be added.
"""

import math

import numpy as np
from numba import njit

TOGETHER = 4
"""Rows that are added to, or taken from, a matrix at a time; each time it is read and written."""

LANES = 8
"""Numbers that a processor adds at a time."""

SMALLEST_PIVOT = 1e-13
"""Share of the largest diagonal entry below which a pivot is nothing but rounding."""

FUSED = {"contract"}
"""Lets a product and a sum become one instruction, which rounds once."""


@njit(error_model="numpy", fastmath=FUSED)
def add_products(A, z):
    """Add ``z' z`` to A, at least to its upper part.

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
    """Put Cholesky's factor R, with A = R'R, in place of A, and R'^-1 b in that of the right side.

    Where a pivot is nothing but rounding, the equations leave an unknown open; its row becomes 0.
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
    """Write the solution of a decomposed system to x; an unknown that is left open becomes 0."""
    width = len(A)
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
