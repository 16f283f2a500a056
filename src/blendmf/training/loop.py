"""The training loop that all engines share: epochs, history, early stopping, best epoch."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from blendmf.common.job_log import progress
from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.parameters import Parameters, penalised_loss

GoesOn = Callable[[int, float], bool]
"""Asked after each epoch, with its number and the lowest validation RMSE so far."""


def to_the_end(_epoch: int, _rmse: float) -> bool:
    """Let every training go on."""
    return True


class Epoch(NamedTuple):
    """What one epoch came to.

    `epoch` counts from 1, `learning_rate` is its step length, the errors are without the penalty,
    and `penalised_loss` is the sum of the squared training errors plus the penalty.
    """

    epoch: int
    learning_rate: float
    train_rmse: float
    validation_rmse: float
    penalised_loss: float


class Engine(Protocol):
    """Holds the parameters and moves them, on whatever device."""

    def run_epoch(self, learning_rate: float) -> None:
        """Go once through all training ratings."""

    def rmse(self, part: Observations) -> float:
        """RMSE of the current parameters, predictions clipped to the rating range."""

    def squared_norms(self) -> dict[str, float]:
        """Sum of the squares of all entries of each term; not finite where an entry is not."""

    def keep(self) -> None:
        """Remember the current parameters, in place of those that were kept before."""

    def kept(self) -> Parameters:
        """Copy of the parameters that were kept last."""


class HostEngine(ABC):
    """What engines share that can copy their parameters as arrays on the host."""

    _kept: Parameters

    @abstractmethod
    def parameters(self) -> Parameters:
        """Copy of the current parameters."""

    def squared_norms(self) -> dict[str, float]:
        """Sum of the squares of all entries of each term."""
        return self.parameters().squared_norms()

    def keep(self) -> None:
        """Remember the current parameters."""
        self._kept = self.parameters()

    def kept(self) -> Parameters:
        """Copy of the parameters that were kept last."""
        return self._kept.copy()


@dataclass(frozen=True)
class Training:
    """What training came to.

    Attributes
    ----------
    parameters : Parameters
        Of the best epoch, the one of the lowest validation RMSE.
    history : sequence of Epoch
    best_epoch : int
        0 where not even the first epoch gave finite numbers.
    diverged : bool
        Whether training ended because the parameters left the finite numbers.
    """

    parameters: Parameters
    history: Sequence[Epoch]
    best_epoch: int
    diverged: bool

    @property
    def validation_rmse(self) -> float:
        """Validation RMSE of the best epoch, infinite where there is none."""
        return self.history[self.best_epoch - 1].validation_rmse if self.best_epoch else math.inf


def train_epochs(
    engine: Engine,
    train: Observations,
    validation: Observations,
    settings: TrainingSettings,
    goes_on: GoesOn = to_the_end,
) -> Training:
    """Train until validation RMSE has not improved for `patience` epochs, and keep the best.

    Without validation ratings every epoch counts as better than the one before, and training
    runs its full length.

    Parameters
    ----------
    engine : Engine
    train, validation : Observations
    settings : TrainingSettings
    goes_on : GoesOn, optional
        Training ends where it says no.
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
