from fractions import Fraction

import numpy as np
import pytest
from numba import njit

from blendmf.training.kernels.vector_rows import (
    ALIGNMENT,
    LANES,
    aligned_rows,
    dot,
    fused,
    lanes_of,
    load_row,
    padded_width,
    prefetch_row,
    scaled,
    store_row,
)

WIDTHS = [1, 16, 17, 48]


@njit
def combine(rows, factor, lanes):
    prefetch_row(rows, 1, lanes)
    a, b = load_row(rows, 0, lanes), load_row(rows, 1, lanes)
    store_row(rows, 2, fused(factor, a, b))
    store_row(rows, 3, scaled(factor, a))
    return dot(a, b)


def random_rows(d, dtype):
    random = np.random.default_rng(d)
    return aligned_rows(random.normal(size=(4, d)).astype(dtype), dtype)


def in_documented_order(a, b):
    """Inner product in the order of `dot`; fractions are rounded once per fused operation."""
    dtype = a.dtype.type
    lanes = [dtype(0)] * LANES
    for k, (x, y) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        exact = Fraction(x) * Fraction(y) + Fraction(float(lanes[k % LANES]))
        lanes[k % LANES] = dtype(rounded(exact, dtype))
    half = LANES // 2
    while half:
        lanes = [dtype(lanes[k] + lanes[k + half]) for k in range(half)]
        half //= 2
    return lanes[0]


def rounded(exact, dtype):
    """Round a fraction to the nearest number of the type."""
    near = dtype(float(exact))
    candidates = [np.nextafter(near, dtype(-np.inf)), near, np.nextafter(near, dtype(np.inf))]
    return min(candidates, key=lambda candidate: abs(Fraction(float(candidate)) - exact))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("d", WIDTHS)
def test_rows_round_as_documented(d, dtype):
    rows = random_rows(d, dtype)
    before, factor = rows.copy(), dtype(0.3)
    product = combine(rows, factor, lanes_of(d))
    assert product == in_documented_order(before[0], before[1])
    np.testing.assert_array_equal(rows[3], factor * before[0])
    for k in range(d):
        exact = Fraction(float(factor)) * Fraction(float(before[0, k])) + Fraction(
            float(before[1, k])
        )
        assert rows[2, k] == rounded(exact, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("d", WIDTHS)
def test_aligned_rows_are_aligned_padded_and_equal(d, dtype):
    matrix = np.random.default_rng(0).normal(size=(3, d)).astype(dtype)
    rows = aligned_rows(matrix, dtype)
    assert rows.ctypes.data % ALIGNMENT == 0
    assert rows.flags.c_contiguous
    assert rows.shape == (3, padded_width(d))
    np.testing.assert_array_equal(rows[:, :d], matrix)
    assert not rows[:, d:].any()


@pytest.mark.parametrize(("d", "width"), [(1, 16), (16, 16), (17, 32), (100, 112)])
def test_padded_width_is_the_next_multiple_of_a_register(d, width):
    assert padded_width(d) == width == LANES * len(lanes_of(d))
