"""One fit of a model, as far as its memory and its time hang on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blendmf.config.model_kinds import KIND_DEFAULTS, is_trained

Block = Mapping[str, Any]

TORCH_ALONE = ("adam", "gd")
"""Optimisers that run in PyTorch alone, as `blendmf.training.engines` has it."""


@dataclass(frozen=True)
class Fit:
    """The dearest fit that a job may make of one model.

    Attributes
    ----------
    kind : str
    factors : int
        Most factors d, or the highest rank; 0 where the kind has none.
    optimiser, engine, device : str
        As `blendmf.training.engines` chooses them; empty for a kind that is not trained by epochs.
        An engine that hangs on what the machine has is that of a machine without a GPU.
    epochs : int
        At most so many.
    weighs_words, maps_words : bool
        Whether it has w_u, and V.
    draws : int
        Draws from the posterior that the model is made of.
    neighbours : int
        Most of them, of an item.
    looks_for_gpu : bool
        Whether PyTorch is loaded to see if there is one, where the ratings are many.
    """

    kind: str
    factors: int = 0
    optimiser: str = ""
    engine: str = ""
    device: str = ""
    epochs: int = 1
    weighs_words: bool = False
    maps_words: bool = False
    draws: int = 0
    neighbours: int = 0
    looks_for_gpu: bool = False

    @property
    def sort(self) -> str:
        """What decides how much it takes: the engine, or else the kind."""
        if self.engine == "numba":
            return self.optimiser
        return self.engine or self.kind

    @property
    def gpus(self) -> int:
        """GPUs that the configuration asks for by name; `auto` takes what is there unasked."""
        return int(self.engine == "torch" and self.device == "cuda")


def largest_fit(entry: Block, config: Block) -> Fit:
    """The dearest fit of a model that its settings or its search allow."""
    bounds = dict(entry.get("space", {})) if entry.get("search") else {}
    if not is_trained(entry):
        defaults = KIND_DEFAULTS.get(entry["kind"], {})
        rank = entry.get("rank", defaults.get("rank")) or max(config["svd"]["ranks"])
        return Fit(
            entry["kind"],
            factors=_highest("rank", rank if "rank" in defaults else 0, bounds),
            neighbours=_highest("neighbours", entry.get("neighbours", 0), bounds),
        )
    if entry.get("search"):
        bounds = {**config["search"]["space"], **bounds}
    training = {**config["training"], **entry.get("training", {})}
    blend = entry.get("blend", "both" if entry["kind"] == "content" else None)
    return Fit(
        entry["kind"],
        _highest("latent_dim", training["latent_dim"], bounds),
        training["optimiser"],
        _engine(training),
        training["device"],
        training["epochs"],
        weighs_words=blend in ("user", "both"),
        maps_words=blend in ("item", "both"),
        draws=min(training["draws"], training["epochs"]) * (training["optimiser"] == "bayes"),
        looks_for_gpu=_looks_for_gpu(training),
    )


def _engine(training: Block) -> str:
    if training["optimiser"] in TORCH_ALONE:
        return "torch"
    if training["optimiser"] in ("als", "bayes") or training["engine"] == "numba":
        return "numba"
    if training["engine"] == "torch":
        return "torch"
    return "numba" if training["device"] in ("auto", "cpu") else "torch"


def _looks_for_gpu(training: Block) -> bool:
    asked = training["optimiser"], training["engine"], training["device"]
    return asked == ("sgd", "auto", "auto")


def _highest(parameter: str, configured: int, bounds: Block) -> int:
    """Largest value that the settings or the search give to a parameter."""
    searched = bounds.get(parameter)
    return int(max(configured, searched["high"]) if searched else configured)
