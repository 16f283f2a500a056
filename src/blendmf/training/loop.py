"""The training loop of all engines: epochs, history, early stopping, best epoch."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from blendmf.common.job_log import progress
from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.parameters import Parameters, penalised_loss

GoesOn = Callable[[int, float], bool]
"""Whether training continues, given the epochs run and the lowest validation RMSE, or NaN."""


def to_the_end(_epoch: int, _rmse: float) -> bool:
    """A `GoesOn` that never stops training."""
    return True


class Epoch(NamedTuple):
    """Results of one epoch.

    `epoch` counts from 1. The RMSEs exclude the penalty; `penalised_loss` is the sum of the squared
    training errors plus the penalty.
    """

    epoch: int
    learning_rate: float
    train_rmse: float
    validation_rmse: float
    penalised_loss: float

    def in_ratings(self, deviation: float) -> "Epoch":
        """The errors in rating units, from those of ratings in standard units."""
        return self._replace(
            train_rmse=deviation * self.train_rmse,
            validation_rmse=deviation * self.validation_rmse,
            penalised_loss=deviation**2 * self.penalised_loss,
        )


class Engine(Protocol):
    """Holds the parameters on some device and updates them."""

    def run_epoch(self, learning_rate: float) -> None:
        """Process all training ratings once."""

    def rmse(self, part: Observations) -> float:
        """RMSE of the current parameters, predictions clipped to the rating range."""

    def squared_norms(self) -> dict[str, float]:
        """Sum of the squares of all entries of each term; not finite if any entry is not."""

    def keep(self) -> None:
        """Store a copy of the current parameters in place of the previous copy."""

    def kept(self) -> Parameters:
        """Copy of the parameters stored last."""


@dataclass(frozen=True)
class Training:
    """Result of a training.

    `parameters` are those of the best epoch, the one with the lowest validation RMSE; `best_epoch`
    is 0 if the first epoch already gave parameters that are not finite. `diverged` is True if
    training ended because a parameter was not finite.
    """

    parameters: Parameters
    history: Sequence[Epoch]
    best_epoch: int
    diverged: bool

    @property
    def validation_rmse(self) -> float:
        """Validation RMSE of the best epoch, infinite if there is none."""
        return self.history[self.best_epoch - 1].validation_rmse if self.best_epoch else math.inf


def train_epochs(
    engine: Engine,
    train: Observations,
    validation: Observations,
    settings: TrainingSettings,
    goes_on: GoesOn = to_the_end,
) -> Training:
    """Train until validation RMSE has not improved for `patience` epochs; return the best epoch.

    Without validation ratings, training runs all epochs and the last one counts as the best.

    Parameters
    ----------
    engine : Engine
    train, validation : Observations
    settings : TrainingSettings
    goes_on : GoesOn, optional
        Called after each epoch; training stops if it returns False.
    """
    history: list[Epoch] = []
    engine.keep()
    best_epoch, best_rmse = 0, math.inf
    diverged = False
    for epoch in progress(range(1, settings.epochs + 1), "epochs"):
        learning_rate = settings.learning_rate_at(epoch - 1)
        engine.run_epoch(learning_rate)
        norms = engine.squared_norms()
        diverged = not all(map(math.isfinite, norms.values()))
        if diverged:
            break
        train_rmse = engine.rmse(train)
        validation_rmse = engine.rmse(validation) if len(validation) else math.nan
        penalties = (settings.penalty_of_term[term] for term in norms)
        loss = penalised_loss(train_rmse**2 * len(train), norms.values(), penalties)
        history.append(Epoch(epoch, learning_rate, train_rmse, validation_rmse, loss))
        if math.isnan(validation_rmse) or validation_rmse < best_rmse:
            engine.keep()
            best_epoch, best_rmse = epoch, validation_rmse
        elif epoch - best_epoch >= settings.patience:
            break
        if not goes_on(epoch, best_rmse):
            break
    return Training(engine.kept(), history, best_epoch, diverged)
