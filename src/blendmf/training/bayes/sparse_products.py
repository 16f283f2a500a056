"""Products of a sparse and a dense matrix in threads, with the same bits for any number of them."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from numba import njit
from numpy.typing import NDArray

from blendmf.training.kernels.compiled import compiled, in_threads, row_tasks

Floats = NDArray[np.float32]


def product(sparse: sp.csr_array, dense: Floats, threads: int) -> Floats:
    """``sparse @ dense`` of shape (n, width), for a sparse float32 matrix of shape (n, k)."""
    out = np.zeros((sparse.shape[0], dense.shape[1]), dtype=np.float32)
    indptr, indices = sparse.indptr.astype(np.int64), sparse.indices.astype(np.int32)
    given = (indptr, indices, sparse.data, np.ascontiguousarray(dense), out)

    def task(begin: int, end: int) -> Callable[[], None]:
        return lambda: compiled(add_products_of_rows)(begin, end, *given)

    in_threads([task(begin, end) for begin, end in row_tasks(indptr)], threads)
    return out


def add_products_of_rows(begin, end, indptr, indices, data, dense, out):
    """Add the products of rows `begin` to `end` - 1 to `out`."""
    for row in range(begin, end):
        for n in range(indptr[row], indptr[row + 1]):
            _add_multiple(data[n], dense[indices[n]], out[row])


@njit(error_model="numpy", fastmath={"contract"})
def _add_multiple(factor, x, total):
    for f in range(len(x)):
        total[f] += factor * x[f]
