"""The Gibbs sampler of blendmf, sweep by sweep; it scores no test pairs, which get zeros."""

import time
from collections.abc import Iterator

import numpy as np
from adapter import Point, Problem, Request, answer
from threadpoolctl import threadpool_limits

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.bayes.gibbs import GibbsSampler, load_kernels


def curve(problem: Problem, request: Request) -> Iterator[Point]:
    """Sweeps of one sampler."""
    settings = TrainingSettings(optimiser="bayes", **request.settings)
    train = Observations(*problem.train, problem.shape)
    load_kernels(settings)
    no_scores = np.zeros(len(problem.test.users))
    with threadpool_limits(1, "blas"):
        sampler = GibbsSampler(
            train, None, settings, np.random.default_rng(request.seed), request.threads
        )
        start = time.perf_counter()
        for sweep in range(1, request.epochs[-1] + 1):
            sampler.sweep()
            if sweep in request.epochs:
                yield Point(sweep, time.perf_counter() - start, no_scores)


answer(curve)
