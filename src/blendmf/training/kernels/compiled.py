"""Compile kernels into a disk cache that concurrent jobs may share, and run them in threads.

Numba's own cache keeps one index for all specialisations of a function: two jobs that compile
different ones at the same time give them the same file name, and one may then load the other's
machine code. It does not notice an edit of a module that the kernel calls into, and believes
whatever its files contain. Here every specialisation has its own file (`KernelCache`), whose name
depends on the kinds of the parameters, the processor and the source: jobs that write the same file
write the same contents.
"""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar

import llvmlite.binding as llvm
import numba
import numpy as np
from numpy.typing import NDArray

from blendmf.common.imported_files import imported_files
from blendmf.training.kernels.kernel_cache import KernelCache

RATINGS_PER_TASK = 1 << 15
"""Approximate number of ratings per task of `row_tasks`."""

T = TypeVar("T")


@cache
def compiled(kernel: Callable[..., Any], *variant: str | int) -> Callable[..., Any]:
    """The kernel, compiled without the global interpreter lock and cached under the variant's name.

    Parameters
    ----------
    kernel : function
        Not decorated.
    *variant : str or int
        Values that determine the argument types; call each variant with one set of types only.
    """
    assert isinstance(kernel, FunctionType)
    name = "_".join([kernel.__name__, *map(str, variant), _digest(kernel.__code__.co_filename)])
    copy = FunctionType(kernel.__code__, kernel.__globals__, name)
    copy.__qualname__ = name
    copy.__module__ = kernel.__module__
    dispatcher = numba.njit(nogil=True, error_model="numpy")(copy)
    dispatcher._cache = KernelCache(name)
    return dispatcher


@cache
def _digest(module: str) -> str:
    """Short hash of the kernel's module, all its imports, the compiler and the processor."""
    sources = [Path(module), *imported_files(Path(module))]
    parts = [
        *(source.read_bytes() for source in sources),
        numba.__version__.encode(),
        llvm.get_host_cpu_name().encode(),
        llvm.get_host_cpu_features().flatten().encode(),
    ]
    return hashlib.blake2b(b"\0".join(parts), digest_size=6).hexdigest()


def row_tasks(indptr: NDArray[np.integer]) -> list[tuple[int, int]]:
    """Consecutive ranges of rows with about `RATINGS_PER_TASK` ratings each.

    A row belongs to one task, so results per row do not depend on the number of threads.

    Parameters
    ----------
    indptr : ndarray of int, of shape (n + 1,)
        Start of each row's ratings, and the end of the last row's ratings.
    """
    n_tasks = -(-int(indptr[-1]) // RATINGS_PER_TASK)
    ends = np.searchsorted(indptr, np.arange(1, n_tasks) * RATINGS_PER_TASK)
    cuts = np.unique([0, *ends, len(indptr) - 1])
    return [(int(begin), int(end)) for begin, end in pairwise(cuts)]


def in_threads(tasks: Iterable[Callable[[], T]], threads: int) -> list[T]:
    """Run the tasks in threads; return their results in the order of the tasks."""
    if threads == 1:
        return [task() for task in tasks]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda task: task(), tasks))
