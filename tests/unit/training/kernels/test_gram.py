import numpy as np
import pytest
from numba import njit

from blendmf.training.kernels.gram import add_gram, aligned_zeros, empty_gram
from blendmf.training.kernels.vector_rows import ALIGNMENT, padded_width


@njit
def gram_of(rows, n, width, times):
    block = aligned_zeros(rows.shape[0], rows.shape[1], np.float32)
    block[:] = rows
    gram = empty_gram(width, rows.shape[1])
    for _ in range(times):
        add_gram(gram, block, n, width)
    return gram


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 19, 24, 25, 33, 64, 65, 129])
@pytest.mark.parametrize("n", [0, 1, 7, 64])
def test_the_upper_triangle_is_that_of_the_gram_matrix(width, n):
    random = np.random.default_rng(width)
    rows = random.standard_normal((64, padded_width(width))).astype(np.float32)
    gram = gram_of(rows, n, width, 2)
    exact = rows[:n, :width].astype(np.float64)
    found = gram[:width, :width]
    np.testing.assert_allclose(np.triu(found), np.triu(2 * exact.T @ exact), atol=1e-3)


def test_zeros_are_aligned():
    for n_rows, n_columns, dtype in ((1, 1, np.float32), (3, 16, np.float64), (5, 7, np.float32)):
        zeros = aligned_zeros(n_rows, n_columns, dtype)
        assert zeros.dtype == dtype
        assert zeros.shape == (n_rows, n_columns)
        assert not zeros.any()
        assert zeros.ctypes.data % ALIGNMENT == 0
