"""Fit any model from its entry in the configuration."""

import time
from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.config.models import Entry, TrainedEntry
from blendmf.models.drift import without_drift
from blendmf.models.observations import Observations, RatingUnit
from blendmf.training.bayes.chosen import Chosen
from blendmf.training.closed_form import fit_closed_form
from blendmf.training.engines import EngineFacts, make_engine
from blendmf.training.fitted import Fit
from blendmf.training.loop import GoesOn, Training, to_the_end, train_epochs
from blendmf.training.parameters import Parameters, Terms


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
    chain: int | None = None,
    chosen: Chosen | None = None,
) -> Fit:
    """Fit one model, or only one chain of a Bayesian one.

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
    chain : int, optional
        Number of the only chain to run, from 0. By default all ``training.chains`` are run.
    chosen : Chosen, optional
        What an earlier fit of the Bayesian model chose by its validation part.
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
        # Only a Bayesian fit loads its kernels.
        from blendmf.training.bayes.chains import Problem, fit_chains

        words = content if terms.use_content else None
        return fit_chains(
            Problem(train, validation, words, user_features, settings, rating_range, chosen),
            lambda n: stream(seed, *name, *(("chain", n) if n else ())),
            range(settings.chains) if chain is None else [chain],
            threads,
            goes_on,
        )
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
