"""LightFM: factorisation of liked (+1) and disliked (-1) items with a configured loss."""

import numpy as np
import scipy.sparse as sp
from adapter import Problem, Request, Score, answer, refitting, seconds_of
from lightfm import LightFM


def fit(problem: Problem, request: Request, epochs: int) -> tuple[float, Score]:
    """Fit LightFM; a rating of `settings.liked_from` or more is liked."""
    settings = dict(request.settings)
    liked_from = settings.pop("liked_from")
    users, items, ratings = problem.train
    sign = np.where(ratings >= liked_from, np.float32(1), np.float32(-1))
    matrix = sp.coo_matrix((sign, (users, items)), shape=problem.shape)
    model = LightFM(**settings, random_state=request.seed)
    seconds = seconds_of(lambda: model.fit(matrix, epochs=epochs, num_threads=request.threads))
    return seconds, lambda: model.predict(*problem.test)


answer(refitting(fit))
