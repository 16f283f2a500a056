"""Which engine trains a model, and why."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from blendmf.data.observations import Observations
from blendmf.errors import UserError
from blendmf.training.loop import Engine
from blendmf.training.parameters import Parameters
from blendmf.training.settings import TrainingSettings

if TYPE_CHECKING:
    from blendmf.training.torch_engine import TorchEngine
    from blendmf.training.torch_sgd import TorchSgdEngine

WORTH_A_GPU = 5_000_000
"""Ratings from which on `auto` looks for a GPU; fewer are learned on the CPU within seconds."""


@dataclass(frozen=True)
class EngineFacts:
    """What did the work of a fit.

    Attributes
    ----------
    name : str
        ``numba`` or ``torch`` and the kind of device, or ``closed-form``.
    reason : str
        Why this engine.
    threads : int
        Threads that it used.
    blocks : int, optional
        Blocks that users and items were dealt into.
    gpu : str, optional
        Name of the graphics processor.
    """

    name: str = "closed-form"
    reason: str = "the kind is not trained by epochs"
    threads: int = 1
    blocks: int | None = None
    gpu: str | None = None


def choose_engine(settings: TrainingSettings, n_ratings: int) -> tuple[str, str]:
    """``numba`` or ``torch``, and why.

    PyTorch is asked for a GPU only where the answer matters, since loading it takes seconds.

    Raises
    ------
    UserError
        If the settings contradict each other.
    """
    optimiser, engine, device = settings.optimiser, settings.engine, settings.device
    if optimiser != "sgd":
        if engine == "numba":
            raise UserError(
                f"training.engine: numba runs sgd alone, not {optimiser}; set engine to auto"
            )
        return "torch", f"{optimiser} runs in PyTorch alone"
    if engine != "auto":
        return engine, "training.engine asks for it"
    if device == "cpu":
        return "numba", "the faster of the two on the CPU"
    if device != "auto":
        return "torch", f"training.device asks for {device}"
    if n_ratings < WORTH_A_GPU:
        return "numba", f"{n_ratings:,} ratings are too few for a GPU to pay"
    import torch

    if torch.cuda.is_available():
        return "torch", f"{n_ratings:,} ratings and a GPU to train on"
    return "numba", "PyTorch finds no GPU"


def make_engine(
    parameters: Parameters,
    train: Observations,
    content: sp.csr_array,
    settings: TrainingSettings,
    rating_range: tuple[float, float],
    random: np.random.Generator,
    threads: int,
) -> tuple[Engine, EngineFacts]:
    """The engine that the settings ask for, each imported where it is used."""
    name, reason = choose_engine(settings, len(train))
    problem: tuple[Any, Any, Any, Any, Any, Any] = (
        parameters,
        train,
        content,
        settings,
        rating_range,
        random,
    )
    if name == "numba":
        from blendmf.training.block_sgd import BlockSgdEngine

        blocks = BlockSgdEngine(*problem, threads)
        facts = EngineFacts("numba cpu", reason, blocks.threads, blocks.n_blocks)
        return blocks, facts
    engine = _torch_engine(settings)(*problem)
    return engine, EngineFacts(f"torch {engine.device}", reason, gpu=engine.device_name)


def _torch_engine(settings: TrainingSettings) -> "type[TorchSgdEngine | TorchEngine]":
    if settings.optimiser == "sgd":
        from blendmf.training.torch_sgd import TorchSgdEngine

        return TorchSgdEngine
    from blendmf.training.torch_engine import TorchEngine

    return TorchEngine
