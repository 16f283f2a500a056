"""Compiling kernels into a cache on disk that many jobs may use at once.

Numba keeps one index for all specialisations of a function. Two jobs that compile different ones at
the same time give them the same file name, and one may then load the other's machine code. Nor does
Numba notice an edit of a module that the kernel calls into. Here every specialisation has a name,
and so an index, of its own, which says for which kind of parameters, which processor and from which
source it was compiled: whoever writes the same file writes the same contents.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import llvmlite.binding as llvm
import numba

SOURCES = (
    "als_kernels.py",
    "atomics.py",
    "blocks.py",
    "gibbs_kernels.py",
    "normal_equations.py",
    "rows.py",
    "sgd.py",
    "sgd_kernels.py",
)
"""Files of this folder that the kernels are made of."""


@cache
def compiled(kernel: Callable[..., Any], *variant: str | int) -> Callable[..., Any]:
    """The kernel, compiled without the global interpreter lock and cached under the variant's name.

    Parameters
    ----------
    kernel : function
        Of a module in `SOURCES`, not decorated.
    *variant : str or int
        What the types of its arguments hang on; one variant must be called with one set of types.
    """
    assert isinstance(kernel, FunctionType)
    name = "_".join([kernel.__name__, *map(str, variant), _digest()])
    copy = FunctionType(kernel.__code__, kernel.__globals__, name)
    copy.__qualname__ = name
    copy.__module__ = kernel.__module__
    return numba.njit(cache=True, nogil=True, error_model="numpy")(copy)


@cache
def _digest() -> str:
    """Short hash of the sources, the compiler and the processor."""
    folder = Path(__file__).parent
    parts = [
        *((folder / name).read_bytes() for name in SOURCES),
        numba.__version__.encode(),
        llvm.get_host_cpu_name().encode(),
        llvm.get_host_cpu_features().flatten().encode(),
    ]
    return hashlib.blake2b(b"\0".join(parts), digest_size=6).hexdigest()
