import math

import numpy as np
import pytest

from blendmf.config.training import TrainingSettings
from blendmf.training.loop import train_epochs
from blendmf.training.parameters import Parameters
from ratings import observed_triples

PART, VALIDATION, NOTHING = (observed_triples([(0, 0, 1)] * n, (1, 1)) for n in (4, 4, 0))


class ScriptedEngine:
    """Engine whose parameters are its epoch count, with given validation RMSEs."""

    def __init__(self, validation, diverges_at=None):
        self._validation = validation
        self._diverges_at = diverges_at
        self.rates = []

    def run_epoch(self, learning_rate):
        self.rates.append(learning_rate)

    def rmse(self, part):
        return 0.5 if part is not VALIDATION else self._validation[len(self.rates) - 1]

    def squared_norms(self):
        epoch = len(self.rates)
        return {"user_bias": np.nan if epoch == self._diverges_at else epoch**2, "user_factors": 3}

    def keep(self):
        self._kept = Parameters(0.0, user_bias=np.array([float(len(self.rates))]))

    def kept(self):
        return self._kept


def test_the_callback_stops_training_and_the_best_epoch_so_far_is_returned():
    calls = []

    def three(epoch, rmse):
        calls.append((epoch, rmse))
        return epoch < 3

    engine = ScriptedEngine([1.0, 0.8, 0.9, 0.7])
    training = train_epochs(engine, PART, VALIDATION, TrainingSettings(epochs=4), three)
    assert calls == [(1, 1.0), (2, 0.8), (3, 0.8)]
    assert (len(training.history), training.best_epoch) == (3, 2)
    assert training.parameters.user_bias.tolist() == [2.0]


def test_the_best_epoch_is_kept_and_patience_ends_training():
    engine = ScriptedEngine([5, 3, 4, 2, 2.5, 2.0, 3, 1])
    training = train_epochs(engine, PART, VALIDATION, TrainingSettings(patience=3, epochs=8))
    assert training.best_epoch == 4
    assert training.parameters.user_bias[0] == 4
    assert training.validation_rmse == 2
    assert [epoch.epoch for epoch in training.history] == [1, 2, 3, 4, 5, 6, 7]
    assert not training.diverged


def test_history_rmses_exclude_and_the_loss_includes_the_penalty():
    settings = TrainingSettings(epochs=2, bias_regularization=0.1, regularization=0.2)
    history = train_epochs(ScriptedEngine([2, 1]), PART, VALIDATION, settings).history
    assert [epoch.train_rmse for epoch in history] == [0.5, 0.5]
    assert [epoch.validation_rmse for epoch in history] == [2, 1]
    # 4 ratings with squared error 0.25, a bias of 1, then 2, and factors of squared norm 3.
    losses = [1 + 0.1 * bias**2 + 0.2 * 3 for bias in (1, 2)]
    assert [epoch.penalised_loss for epoch in history] == pytest.approx(losses)


def test_the_learning_rate_decays_by_epoch():
    engine = ScriptedEngine([3, 2, 1])
    settings = TrainingSettings(epochs=3, learning_rate=0.6, learning_rate_decay=0.5)
    train_epochs(engine, PART, VALIDATION, settings)
    assert engine.rates == pytest.approx([0.6, 0.4, 0.3])


@pytest.mark.parametrize(("diverges_at", "best_epoch", "rmse"), [(3, 2, 1), (1, 0, math.inf)])
def test_divergence_ends_training_with_the_best_epoch_if_any(diverges_at, best_epoch, rmse):
    engine = ScriptedEngine([2, 1, 0], diverges_at)
    training = train_epochs(engine, PART, VALIDATION, TrainingSettings(epochs=5))
    assert training.diverged
    assert (training.best_epoch, training.validation_rmse) == (best_epoch, rmse)
    assert len(training.history) == diverges_at - 1


def test_without_validation_ratings_all_epochs_run():
    settings = TrainingSettings(epochs=4, patience=1)
    training = train_epochs(ScriptedEngine([]), PART, NOTHING, settings)
    assert training.best_epoch == 4
    assert training.parameters.user_bias[0] == 4
