"""Which engine trains a model, and why."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.loop import Engine
from blendmf.training.parameters import Parameters

if TYPE_CHECKING:
    from blendmf.training.pytorch.autograd_engine import TorchEngine
    from blendmf.training.pytorch.sgd_engine import TorchSgdEngine

WORTH_A_GPU = 5_000_000
"""Ratings from which on `auto` looks for a GPU; fewer are learned on the CPU within seconds."""


ONLY_ENGINE = {
    "als": ("numba", "alternating least squares are solved on the CPU"),
    "bayes": ("numba", "draws from the posterior are made on the CPU"),
    "adam": ("torch", "adam runs in PyTorch alone"),
    "gd": ("torch", "gd runs in PyTorch alone"),
}
"""The engine of each optimiser that has but one, and why it is chosen."""


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
        only, reason = ONLY_ENGINE[optimiser]
        if engine not in ("auto", only):
            raise UserError(
                f"training.engine: {engine} does not run {optimiser}; set the model's engine to "
                "auto"
            )
        return only, reason
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
    if settings.optimiser == "als":
        return _als_engine(parameters, train, settings, rating_range, threads, reason)
    problem: tuple[Any, Any, Any, Any, Any, Any] = (
        parameters,
        train,
        content,
        settings,
        rating_range,
        random,
    )
    if name == "numba":
        from blendmf.training.sgd.block_sgd import BlockSgdEngine

        blocks = BlockSgdEngine(*problem, threads)
        facts = EngineFacts("numba cpu", reason, blocks.threads, blocks.n_blocks)
        return blocks, facts
    engine = _torch_engine(settings)(*problem)
    return engine, EngineFacts(f"torch {engine.device}", reason, gpu=engine.device_name)


def _als_engine(
    parameters: Parameters,
    train: Observations,
    settings: TrainingSettings,
    rating_range: tuple[float, float],
    threads: int,
    reason: str,
) -> tuple[Engine, EngineFacts]:
    from blendmf.training.als.als import AlsEngine

    words = {"content_factors", "user_content"} & parameters.arrays().keys()
    if words:
        raise UserError(
            "training.optimiser: als learns no words, only the factors and biases of kind mf; set "
            "it to sgd for a model with content"
        )
    engine = AlsEngine(parameters, train, settings, rating_range, threads)
    return engine, EngineFacts("numba cpu", reason, engine.threads)


def _torch_engine(settings: TrainingSettings) -> "type[TorchSgdEngine | TorchEngine]":
    if settings.optimiser == "sgd":
        from blendmf.training.pytorch.sgd_engine import TorchSgdEngine

        return TorchSgdEngine
    from blendmf.training.pytorch.autograd_engine import TorchEngine

    return TorchEngine
