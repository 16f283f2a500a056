"""implicit: ALS on implicit feedback (rated or not), with ratings as confidence."""

import numpy as np
import scipy.sparse as sp
from adapter import Problem, Request, Score, answer, refitting, seconds_of
from implicit.als import AlternatingLeastSquares


def fit(problem: Problem, request: Request, epochs: int) -> tuple[float, Score]:
    """Fit implicit's ALS."""
    users, items, ratings = problem.train
    matrix = sp.csr_matrix((ratings.astype(np.float32), (users, items)), shape=problem.shape)
    model = AlternatingLeastSquares(
        **request.settings,
        iterations=epochs,
        num_threads=request.threads,
        random_state=request.seed,
    )

    def score() -> np.ndarray:
        users, items = problem.test
        return np.einsum("nd,nd->n", model.user_factors[users], model.item_factors[items])

    return seconds_of(lambda: model.fit(matrix, show_progress=False)), score


answer(refitting(fit))
