"""myFM: Bayesian factorisation by Gibbs sampling, with or without the items' content."""

import time
from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
from adapter import Pairs, Point, Problem, Request, answer
from myfm import MyFMRegressor, RelationBlock

BURN_IN = 5
"""Sweeps left out of the mean, as in myFM's default."""


def curve(problem: Problem, request: Request) -> Iterator[Point]:
    """One run; after each requested sweep, the mean of the predictions so far."""
    settings = dict(request.settings)
    uses_content = settings.pop("content", False)
    items = sp.eye_array(problem.shape[1], format="csr")
    described = sp.hstack([items, problem.content], format="csr") if uses_content else items
    groups = [*problem.shape, problem.content.shape[1]] if uses_content else list(problem.shape)
    test = _design(problem.test, problem.shape[0], described)
    users, rated, ratings = problem.train
    training = _design(Pairs(users, rated), problem.shape[0], described)
    last = request.epochs[-1]
    points: list[Point] = []
    total = np.zeros(len(problem.test.users))
    aside = 0.0

    def after_sweep(sweep: int, model: object, *_: object) -> tuple[bool, None]:
        nonlocal total, aside
        start = time.perf_counter()
        drawn = model.predict_score(*test)
        total += drawn if sweep >= BURN_IN else 0.0
        if sweep + 1 in request.epochs:
            scores = total / (sweep + 1 - BURN_IN) if sweep >= BURN_IN else drawn
            points.append(Point(sweep + 1, start - begin - aside, scores))
        aside += time.perf_counter() - start
        return False, None

    sampler = MyFMRegressor(**settings, random_seed=request.seed)
    begin = time.perf_counter()
    sampler.fit(
        training[0],
        ratings.astype(np.float64),
        X_rel=training[1],
        n_iter=last,
        group_shapes=groups,
        callback=after_sweep,
    )
    return iter(points)


def _design(
    pairs: Pairs, n_users: int, described: sp.csr_array
) -> tuple[sp.csr_matrix, list[RelationBlock]]:
    """User indicators, and the item features as a relation block shared by an item's ratings."""
    n = len(pairs.users)
    indicators = sp.csr_matrix((np.ones(n), (np.arange(n), pairs.users)), shape=(n, n_users))
    return indicators, [RelationBlock(pairs.items.astype(int).tolist(), sp.csr_matrix(described))]


answer(curve)
