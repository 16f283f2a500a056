"""Fits of a Bayesian model: one or more chains of draws, and their union."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from blendmf.config.training import TrainingSettings
from blendmf.models.bayesian_factor_model import BayesianFactorModel
from blendmf.models.observations import Observations
from blendmf.training.bayes.chosen import Chosen
from blendmf.training.bayes.gibbs import GibbsSampler, load_kernels
from blendmf.training.bayes.posterior import calibrated, sample_posterior
from blendmf.training.engines import EngineFacts, choose_engine
from blendmf.training.fitted import Fit
from blendmf.training.loop import Epoch, GoesOn


class Problem(NamedTuple):
    """What a Bayesian model is fitted to; words of the items and features of the users if any."""

    train: Observations
    validation: Observations
    content: sp.csr_array | None
    user_features: sp.csr_array | None
    settings: TrainingSettings
    rating_range: tuple[float, float]
    chosen: Chosen | None = None


def fit_chains(
    problem: Problem,
    stream_of: Callable[[int], np.random.Generator],
    numbers: Sequence[int],
    threads: int,
    goes_on: GoesOn,
) -> Fit:
    """Run the chains of these numbers, each with its own random stream, and put them in one.

    No further chain is run after one that `goes_on` stopped. With ``refit`` chain 0 of the training
    ratings is run before; the history and the validation error are then its.
    """
    settings, validation = problem.settings, problem.validation
    if settings.refit and len(validation):
        first = _run(problem, stream_of(0), threads, goes_on)
        assert isinstance(first.model, BayesianFactorModel)
        problem = problem._replace(
            train=problem.train.joined(validation),
            validation=validation.where(np.zeros(len(validation), dtype=bool)),
            chosen=Chosen.by(first.model, keeps_position=True),
        )
        again = fit_chains(problem, lambda n: stream_of(n + 1), numbers, threads, goes_on)
        return replace(again, history=first.history, validation_rmse=first.validation_rmse)
    chains: list[Fit] = []
    for number in numbers:
        chains.append(_run(problem, stream_of(number), threads, goes_on))
        if chains[-1].epochs < settings.epochs:
            break
    return in_one(chains, validation)


def _run(problem: Problem, random: np.random.Generator, threads: int, goes_on: GoesOn) -> Fit:
    """Run one chain; its last sweep counts as the best epoch."""
    train, validation, content, user_features, settings, rating_range, chosen = problem
    engine, reason = choose_engine(settings)
    facts = EngineFacts(f"{engine} cpu", reason, threads)
    print(f"training by {facts.name}, {facts.threads} threads: {facts.reason}")
    # BLAS sums in an order that depends on its number of threads; this would change later draws.
    with threadpool_limits(1, "blas"):
        load_kernels(settings)
        start = time.perf_counter()
        sampler = GibbsSampler(train, content, settings, random, threads, user_features)
        model, history, traces = sample_posterior(
            sampler, validation, settings, rating_range, goes_on, chosen
        )
    seconds = time.perf_counter() - start
    sweeps, rmse = len(history), history[-1].validation_rmse
    return Fit(model, history, sweeps, sweeps, rmse, False, facts, seconds, [traces])


def in_one(chains: Sequence[Fit], validation: Observations) -> Fit:
    """The fit of several chains of a Bayesian model: their draws, and mean errors of their sweeps.

    The validation error, and the widths of intervals, are those of all draws if there are
    validation ratings, otherwise those of the first chain. Sweeps and seconds are sums.
    """
    first = chains[0]
    if len(chains) == 1:
        return first
    models = [chain.model for chain in chains if isinstance(chain.model, BayesianFactorModel)]
    model = calibrated(BayesianFactorModel.pooled(models), validation)
    return replace(
        first,
        model=model,
        history=[
            Epoch(*np.mean(epochs, axis=0))._replace(epoch=epochs[0].epoch)
            for epochs in zip(*(chain.history for chain in chains), strict=False)
        ],
        validation_rmse=_rmse(model, validation) if len(validation) else first.validation_rmse,
        epochs=sum(chain.epochs for chain in chains),
        seconds=sum(chain.seconds for chain in chains),
        traces=[traces for chain in chains for traces in chain.traces],
    )


def _rmse(model: BayesianFactorModel, part: Observations) -> float:
    errors = model.predict(part.users, part.items, part.times) - part.ratings
    return float(np.sqrt(np.mean(errors**2)))
