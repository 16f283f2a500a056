"""Fit any model from its entry in the configuration."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.config.models import Entry, TrainedEntry
from blendmf.config.training import TrainingSettings
from blendmf.models.drift import without_drift
from blendmf.models.model import Model
from blendmf.models.observations import Observations, RatingUnit
from blendmf.training.closed_form import fit_closed_form
from blendmf.training.engines import EngineFacts, choose_engine, make_engine
from blendmf.training.loop import Epoch, GoesOn, Training, to_the_end, train_epochs
from blendmf.training.parameters import Parameters, Terms


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
    """

    model: Model
    history: Sequence[Epoch]
    best_epoch: int
    epochs: int
    validation_rmse: float
    diverged: bool
    engine: EngineFacts
    seconds: float

    def facts(self, n_ratings: int) -> dict[str, Any]:
        """Contents of ``fit.json``; `n_ratings` is the number of training ratings."""
        rmse, rate = self.validation_rmse, self.epochs * n_ratings / self.seconds
        return {
            "engine": self.engine.name,
            "engine_reason": self.engine.reason,
            "threads": self.engine.threads,
            "blocks": self.engine.blocks,
            "gpu": self.engine.gpu,
            "best_epoch": self.best_epoch,
            "epochs": self.epochs,
            "validation_rmse": rmse if math.isfinite(rmse) else None,
            "diverged": self.diverged,
            "seconds": self.seconds,
            "ratings": n_ratings,
            "ratings_per_second": rate if self.epochs else None,
        }


def fit_model(
    entry: Entry,
    train: Observations,
    validation: Observations,
    content: sp.csr_array | None,
    *,
    rating_range: tuple[float, float],
    seed: int,
    name: tuple[str | int, ...],
    threads: int = 1,
    ranks: Sequence[int] = (),
    goes_on: GoesOn = to_the_end,
    unit: RatingUnit | None = None,
    user_features: sp.csr_array | None = None,
) -> Fit:
    """Fit one model.

    Parameters
    ----------
    entry : Entry
        The model's kind and settings.
    train, validation : Observations
        Validation sets the best epoch, SVD rank, drift position, Bayesian offsets and intervals.
    content : csr_array of shape (n_items, n_terms), optional
        Needed by kinds with a content term.
    rating_range : (float, float)
    seed : int
        The experiment's seed.
    name : tuple
        Name of the random stream of this fit.
    threads : int
        Number of training threads; does not affect the result.
    ranks : sequence of int
        Candidate ranks of an SVD without a configured `rank`.
    goes_on : GoesOn, optional
        Called after each epoch; training stops if it returns False.
    unit : RatingUnit, optional
        Unit in which an optimiser other than ``bayes`` trains; that of the training ratings by
        default.
    user_features : csr_array of shape (n_users, n_features), optional
        Features of the users, for the optimiser ``bayes``.
    """
    start = time.perf_counter()
    if not isinstance(entry, TrainedEntry):
        model = fit_closed_form(
            entry, train, validation, rating_range=rating_range, seed=seed, name=name, ranks=ranks
        )
        seconds = time.perf_counter() - start
        return Fit(model, (), 0, 0, np.nan, False, EngineFacts(), seconds)
    terms = Terms.of_kind(entry.kind, getattr(entry, "blend", None))
    settings = entry.training
    settings.refuse_overshooting_steps()
    if content is None:
        if terms.use_content:
            raise ValueError(f"kind {entry.kind} needs a content matrix")
        content = sp.csr_array((train.shape[1], 0), dtype=np.float32)
    random = stream(seed, *name)
    if settings.optimiser == "bayes":
        words = content if terms.use_content else None
        sides = (words, user_features)
        return _sampled(train, validation, sides, settings, rating_range, random, threads, goes_on)
    if user_features is not None:
        raise UserError(f"features of users need the optimiser bayes, not {settings.optimiser}")
    unit = unit or RatingUnit.of(train.ratings)
    if settings.drift:
        train = without_drift(train, validation, rating_range)
    train, validation = train.standardised(unit), validation.standardised(unit)
    low, high = unit.standardised(np.array(rating_range)).tolist()
    parameters = Parameters.initial(terms, train, content.shape[1], settings, random)
    engine, facts = make_engine(parameters, train, content, settings, (low, high), random, threads)
    print(f"training by {facts.name}, {facts.threads} threads: {facts.reason}")

    def goes_on_in_ratings(epoch: int, rmse: float) -> bool:
        return goes_on(epoch, unit.deviation * rmse)

    start = time.perf_counter()
    trained: Training = train_epochs(engine, train, validation, settings, goes_on_in_ratings)
    seconds = time.perf_counter() - start
    return Fit(
        trained.parameters.to_model(train.shape, rating_range, content, unit),
        [epoch.in_ratings(unit.deviation) for epoch in trained.history],
        trained.best_epoch,
        len(trained.history),
        unit.deviation * trained.validation_rmse,
        trained.diverged,
        facts,
        seconds,
    )


def _sampled(
    train: Observations,
    validation: Observations,
    sides: tuple[sp.csr_array | None, sp.csr_array | None],
    settings: TrainingSettings,
    rating_range: tuple[float, float],
    random: np.random.Generator,
    threads: int,
    goes_on: GoesOn,
) -> Fit:
    """Fit by Gibbs sampling with words of items and features of users.

    The last sweep counts as the best epoch.
    """
    from blendmf.training.bayes.gibbs import GibbsSampler, load_kernels
    from blendmf.training.bayes.posterior import sample_posterior

    engine, reason = choose_engine(settings)
    facts = EngineFacts(f"{engine} cpu", reason, threads)
    print(f"training by {facts.name}, {facts.threads} threads: {facts.reason}")
    # BLAS sums in an order that depends on its number of threads; this would change later draws.
    with threadpool_limits(1, "blas"):
        load_kernels(settings)
        start = time.perf_counter()
        content, user_features = sides
        sampler = GibbsSampler(train, content, settings, random, threads, user_features)
        model, history = sample_posterior(sampler, validation, settings, rating_range, goes_on)
    seconds = time.perf_counter() - start
    sweeps, rmse = len(history), history[-1].validation_rmse
    return Fit(model, history, sweeps, sweeps, rmse, False, facts, seconds)
