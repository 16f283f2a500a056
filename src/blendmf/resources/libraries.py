"""What is installed, as far as the memory of a job hangs on it."""

import sys
from importlib.metadata import PackageNotFoundError, version

CPU_ONLY = "+cpu"


def torch_with_cuda() -> bool:
    """Whether the PyTorch that is installed brings CUDA's libraries, told without loading it.

    Where none is installed, jobs have it from an environment of their own: yes, on Linux.
    """
    try:
        found = version("torch")
    except PackageNotFoundError:
        found = ""
    return sys.platform == "linux" and not found.endswith(CPU_ONLY)
