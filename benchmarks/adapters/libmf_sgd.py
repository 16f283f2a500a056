"""LIBMF: matrix factorisation by parallel SGD with per-row AdaGrad, without biases."""

import numpy as np
from adapter import Problem, Request, Score, answer, refitting, seconds_of
from libmf.mf import MF


def fit(problem: Problem, request: Request, epochs: int) -> tuple[float, Score]:
    """Fit LIBMF to the ratings."""
    model = MF(**request.settings, nr_iters=epochs, nr_threads=request.threads, quiet=True)
    ratings = np.column_stack(problem.train).astype(np.float32)
    # The binding reads the ratings row by row, but the pairs column by column.
    pairs = np.asfortranarray(np.column_stack(problem.test))
    return seconds_of(lambda: model.fit(ratings)), lambda: model.predict(pairs)


answer(refitting(fit))
