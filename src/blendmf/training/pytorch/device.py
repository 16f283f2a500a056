"""The device that PyTorch runs on, and the state of PyTorch that a training needs while it runs."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from blendmf.common.errors import UserError

REFUSALS = ("out of memory", "can't allocate memory")
"""How allocators without an exception of their own begin: Apple's, and the CPU's."""


def choose_device(asked: str) -> torch.device:
    """Device that `training.device` asks for; ``auto`` takes CUDA where there is one, else the CPU.

    Raises
    ------
    UserError
        If the machine has no device of the kind, or PyTorch was built without it.
    """
    if asked == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    present = present_devices()
    if asked not in present:
        raise UserError(
            f"training.device: {asked} is asked for, but PyTorch {torch.__version__} finds no such "
            f"device here; take one of {', '.join(['auto', *present])}, or install the build of "
            "PyTorch for it"
        )
    return torch.device(asked)


def present_devices() -> list[str]:
    """Kinds of device that this machine and this build of PyTorch have, the CPU first."""
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    return [name for name, there in present.items() if there]


def gpu_name(device: torch.device) -> str | None:
    """What the maker calls the GPU; None for the CPU."""
    match device.type:
        case "cuda":
            return torch.cuda.get_device_name(device)
        case "mps":
            return "Apple MPS"
    return None


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for PyTorch's work on the CPU; afterwards as many as before.

    The order of a sum, and with it its last bits, would otherwise hang on how many there are.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def repeatable(wanted: bool = True) -> Iterator[None]:
    """Kernels that give the same bits on each run, where `wanted`; afterwards those from before.

    Sums that a GPU makes by atomic additions, in the order in which they happen to come, are made
    by sorting instead.
    """
    before = torch.are_deterministic_algorithms_enabled()
    warned_only = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = torch.utils.deterministic.fill_uninitialized_memory
    torch.use_deterministic_algorithms(wanted)
    # Every array here is written before it is read.
    torch.utils.deterministic.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warned_only)
        torch.utils.deterministic.fill_uninitialized_memory = filled


def ran_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error says that an allocation was refused, on any kind of device."""
    return isinstance(error, torch.OutOfMemoryError) or any(r in str(error) for r in REFUSALS)
