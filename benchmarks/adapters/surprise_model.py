"""Benchmark adapter for Surprise: fit the algorithm that `settings.algorithm` names."""

import numpy as np
import pandas as pd
import surprise
from adapter import Problem, Request, Score, answer, refitting, seconds_of


def fit(problem: Problem, request: Request, epochs: int) -> tuple[float, Score]:
    """Fit a Surprise algorithm; return the seconds and a function that scores the test pairs.

    `epochs` is 0 for an algorithm that is not trained by epochs.
    """
    settings = dict(request.settings)
    algorithm = getattr(surprise, settings.pop("algorithm"))
    if epochs:
        settings |= {"n_epochs": epochs, "random_state": request.seed}
    # NormalPredictor draws from NumPy's global generator.
    np.random.seed(request.seed)  # noqa: NPY002
    model = algorithm(**settings)
    reader = surprise.Reader(rating_scale=problem.rating_range)
    ratings = pd.DataFrame(problem.train._asdict())
    trainset = surprise.Dataset.load_from_df(ratings, reader).build_full_trainset()

    def score() -> list[float]:
        pairs = zip(*(positions.tolist() for positions in problem.test), strict=True)
        return [model.predict(user, item, clip=False).est for user, item in pairs]

    return seconds_of(lambda: model.fit(trainset)), score


answer(refitting(fit))
