"""The models of blendmf, fitted as the pipeline fits them."""

import time
from collections.abc import Iterator

import numpy as np
from adapter import Point, Problem, Ratings, Request, answer

from blendmf.config.models import model_entry
from blendmf.models.observations import RATINGS_THEMSELVES, Observations
from blendmf.training.fit import fit_model
from blendmf.training.fitted import Fit


def curve(problem: Problem, request: Request) -> Iterator[Point]:
    """A separate fit for each point, with early stopping on the validation part.

    The setting ``standardised: false`` trains on the ratings themselves, as other systems do.
    """
    settings = dict(request.settings)
    unit = None if settings.pop("standardised", True) else RATINGS_THEMSELVES
    entry = model_entry(settings)

    def observed(part: Ratings, times: np.ndarray | None) -> Observations:
        return Observations(part.users, part.items, part.ratings, problem.shape, times)

    def fit(epochs: int) -> Fit:
        return fit_model(
            entry.with_params({"epochs": epochs}),
            observed(problem.train, problem.train_times),
            observed(problem.validation, problem.validation_times),
            problem.content,
            rating_range=problem.rating_range,
            seed=request.seed,
            name=("peers",),
            threads=request.threads,
            unit=unit,
        )

    # The first fit of a process loads or compiles its kernels, which is not training time.
    fit(1)
    for epochs in request.epochs:
        start = time.perf_counter()
        fitted = fit(epochs)
        seconds = time.perf_counter() - start
        yield Point(fitted.epochs, seconds, fitted.model.score_pairs(*problem.test))


answer(curve)
