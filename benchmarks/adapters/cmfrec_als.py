"""cmfrec: biased matrix factorisation by alternating least squares."""

import pandas as pd
from adapter import Problem, Request, Score, answer, refitting, seconds_of
from cmfrec import CMF


def fit(problem: Problem, request: Request, epochs: int) -> tuple[float, Score]:
    """Fit CMF without side information."""
    # Not a sparse matrix: cmfrec then predicts items without ratings one rating too high.
    columns = dict(zip(("UserId", "ItemId", "Rating"), problem.train, strict=True))
    ratings = pd.DataFrame(columns)
    model = CMF(
        **request.settings,
        niter=epochs,
        random_state=request.seed,
        nthreads=request.threads,
        verbose=False,
    )
    seconds = seconds_of(lambda: model.fit(ratings))
    return seconds, lambda: model.predict(*problem.test)


answer(refitting(fit))
