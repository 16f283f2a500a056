"""The device that PyTorch runs on, and PyTorch's global state during training."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from blendmf.common.errors import UserError

REFUSALS = ("out of memory", "can't allocate memory")
"""Parts of the RuntimeError messages of Apple's and the CPU's allocator."""


def choose_device(name: str) -> torch.device:
    """Device for a `training.device` setting; ``auto`` is CUDA if available, else the CPU.

    Raises
    ------
    UserError
        If the machine has no such device, or PyTorch was built without support for it.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    present = present_devices()
    if name not in present:
        raise UserError(
            f"training.device: {name} is set, but PyTorch {torch.__version__} finds no such "
            f"device here; choose one of {', '.join(['auto', *present])}, or install the build of "
            "PyTorch for it"
        )
    return torch.device(name)


def present_devices() -> list[str]:
    """Kinds of device available to this build of PyTorch, the CPU first."""
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    return [name for name, available in present.items() if available]


def gpu_name(device: torch.device) -> str | None:
    """Model name of the GPU; None for the CPU."""
    match device.type:
        case "cuda":
            return torch.cuda.get_device_name(device)
        case "mps":
            return "Apple MPS"
    return None


@contextmanager
def repeatable(deterministic: bool = True) -> Iterator[None]:
    """Make PyTorch's results repeatable, and restore its state afterwards.

    On the CPU one thread does the work, since the order of a sum depends on the number of threads.
    With `deterministic`, a GPU sorts the terms of a sum instead of adding them atomically in any
    order, so that runs on one device are bit-identical.
    """
    threads = torch.get_num_threads()
    before = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = torch.utils.deterministic.fill_uninitialized_memory
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(deterministic)
    # Filling is not needed: every array of this package is written before it is read.
    torch.utils.deterministic.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(before, warn_only=warn_only)
        torch.utils.deterministic.fill_uninitialized_memory = filled


def ran_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error reports a failed allocation, on any kind of device."""
    return isinstance(error, torch.OutOfMemoryError) or any(r in str(error) for r in REFUSALS)
