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

from blendmf.common.imported_files import imported_files


@cache
def compiled(kernel: Callable[..., Any], *variant: str | int) -> Callable[..., Any]:
    """The kernel, compiled without the global interpreter lock and cached under the variant's name.

    Parameters
    ----------
    kernel : function
        Not decorated.
    *variant : str or int
        What the types of its arguments hang on; one variant must be called with one set of types.
    """
    assert isinstance(kernel, FunctionType)
    name = "_".join([kernel.__name__, *map(str, variant), _digest(kernel.__code__.co_filename)])
    copy = FunctionType(kernel.__code__, kernel.__globals__, name)
    copy.__qualname__ = name
    copy.__module__ = kernel.__module__
    return numba.njit(cache=True, nogil=True, error_model="numpy")(copy)


@cache
def _digest(module: str) -> str:
    """Short hash of the kernel's module and all that it imports, the compiler and the processor."""
    sources = [Path(module), *imported_files(Path(module))]
    parts = [
        *(source.read_bytes() for source in sources),
        numba.__version__.encode(),
        llvm.get_host_cpu_name().encode(),
        llvm.get_host_cpu_features().flatten().encode(),
    ]
    return hashlib.blake2b(b"\0".join(parts), digest_size=6).hexdigest()
