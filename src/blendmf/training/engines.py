"""Choose and create the engine that trains a model."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_info

from blendmf.common.errors import UserError
from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.loop import Engine
from blendmf.training.parameters import Parameters

ONLY_ENGINE = {
    "als": ("numba", "alternating least squares runs on the CPU only"),
    "bayes": ("numba", "draws from the posterior run on the CPU only"),
    "adam": ("torch", "adam runs in PyTorch only"),
    "gd": ("torch", "gd runs in PyTorch only"),
}
"""For each optimiser that only one engine supports: the engine, and the reason."""


@dataclass(frozen=True)
class EngineFacts:
    """Engine and hardware that a fit used.

    Attributes
    ----------
    name : str
        ``numba`` or ``torch`` followed by the device type, as in ``numba cpu``; or ``closed-form``.
    reason : str
        Why this engine was chosen.
    threads : int
        Number of training threads.
    blocks : int, optional
        Number of blocks into which users and items are each divided, for block SGD.
    gpu : str, optional
        Model name of the GPU.
    """

    name: str = "closed-form"
    reason: str = "the kind is not trained by epochs"
    threads: int = 1
    blocks: int | None = None
    gpu: str | None = None


def linear_algebra() -> list[str]:
    """Loaded BLAS libraries: name, version and kernel, as in ``openblas 0.3.30 SkylakeX``.

    The library chooses its kernel by the processor, or by a variable such as
    ``OPENBLAS_CORETYPE``. Results of different kernels may differ in their last bits.
    """
    keys = ("internal_api", "version", "architecture")
    libraries = [one for one in threadpool_info() if one["user_api"] == "blas"]
    return sorted({" ".join(one[key] for key in keys if one.get(key)) for one in libraries})


def choose_engine(settings: TrainingSettings) -> tuple[str, str]:
    """Choose ``numba`` or ``torch``; return it with the reason.

    A GPU is used only if asked for: it trains no faster than a few threads of a CPU.

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
        return engine, "set by training.engine"
    if device in ("cuda", "mps"):
        return "torch", f"training.device is {device}"
    return "numba", "the fastest on every machine measured"


def make_engine(
    parameters: Parameters,
    train: Observations,
    content: sp.csr_array,
    settings: TrainingSettings,
    rating_range: tuple[float, float],
    random: np.random.Generator,
    threads: int,
) -> tuple[Engine, EngineFacts]:
    """Create the engine for the settings; import only the module of this engine.

    The optimiser bayes has no engine: `blendmf.training.fit` runs its sampler.

    Raises
    ------
    UserError
        If the settings contradict each other, or als is set for a model with content.
    """
    name, reason = choose_engine(settings)
    if settings.optimiser == "als":
        if {"content_factors", "user_content"} & parameters.arrays().keys():
            raise UserError(
                "training.optimiser: als does not support content, only the factors and biases of "
                "kind mf; set it to sgd for a model with content"
            )
        from blendmf.training.als.als import AlsEngine

        als = AlsEngine(parameters, train, settings, rating_range, threads)
        return als, EngineFacts("numba cpu", reason, als.threads)
    problem = parameters, train, content, settings, rating_range, random
    if name == "numba":
        from blendmf.training.sgd.block_sgd import BlockSgdEngine

        blocks = BlockSgdEngine(*problem, threads)
        return blocks, EngineFacts("numba cpu", reason, blocks.threads, blocks.n_blocks)
    from blendmf.training.pytorch.engine import TorchEngine

    engine = TorchEngine(*problem)
    return engine, EngineFacts(f"torch {engine.device}", reason, gpu=engine.device_name)
