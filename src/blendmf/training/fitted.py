"""The outcome of a fit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from blendmf.common.files import read_csv, read_json
from blendmf.models.model import Model, load_model
from blendmf.training.bayes.convergence import convergence
from blendmf.training.engines import EngineFacts, linear_algebra
from blendmf.training.loop import Epoch


@dataclass(frozen=True)
class Fit:
    """A fitted model and facts about the fit.

    Attributes
    ----------
    model : Model
    history : sequence of Epoch
        Empty for a kind that is not trained by epochs.
    best_epoch, epochs : int
        Epoch of the model's parameters, and number of epochs run; both 0 without epochs.
    validation_rmse : float
        Of the best epoch; NaN without epochs or without validation ratings, infinite if no epoch
        gave finite parameters.
    diverged : bool
    engine : EngineFacts
        Engine and hardware used.
    seconds : float
        Duration of the fit, without reading, writing and compiling.
    traces : sequence of dict
        For each chain of a Bayesian model, values of some quantities in its draws.
    """

    model: Model
    history: Sequence[Epoch]
    best_epoch: int
    epochs: int
    validation_rmse: float
    diverged: bool
    engine: EngineFacts
    seconds: float
    traces: Sequence[Mapping[str, Sequence[float]]] = ()

    def facts(self, n_ratings: int) -> dict[str, Any]:
        """Contents of ``fit.json``; `n_ratings` is the number of training ratings."""
        rmse, rate = self.validation_rmse, self.epochs * n_ratings / self.seconds
        return {
            "engine": self.engine.name,
            "engine_reason": self.engine.reason,
            "threads": self.engine.threads,
            "blocks": self.engine.blocks,
            "gpu": self.engine.gpu,
            "linear_algebra": linear_algebra(),
            "best_epoch": self.best_epoch,
            "epochs": self.epochs,
            "validation_rmse": rmse if math.isfinite(rmse) else None,
            "diverged": self.diverged,
            "seconds": self.seconds,
            "ratings": n_ratings,
            "ratings_per_second": rate if self.epochs else None,
            "chains": len(self.traces) or None,
            "convergence": self._convergence(),
            "traces": self.traces or None,
        }

    @classmethod
    def read(cls, folder: Path, index: str) -> Self:
        """The fit of a chain from the files of its job: model, history and facts.

        `index` is the digest of the index that the model must belong to.
        """
        facts, history = read_json(folder / "fit.json"), read_csv(folder / "history.csv")
        engine = EngineFacts(facts["engine"], facts["engine_reason"], facts["threads"])
        validation_rmse = facts["validation_rmse"]
        return cls(
            load_model(folder / "model.npz", index),
            [Epoch(*row) for row in history.itertuples(index=False)],
            facts["best_epoch"],
            facts["epochs"],
            math.nan if validation_rmse is None else validation_rmse,
            facts["diverged"],
            engine,
            facts["seconds"],
            facts["traces"],
        )

    def _convergence(self) -> dict[str, dict[str, float]] | None:
        """Split R-hat and effective number of draws of each quantity in `traces`."""
        if not self.traces:
            return None
        found = {
            name: convergence(np.array([traces[name] for traces in self.traces]))
            for name in self.traces[0]
        }
        return {name: one._asdict() for name, one in found.items() if one is not None}
