"""SMURFF: Bayesian matrix factorisation (BPMF) by Gibbs sampling, without biases."""

import time
from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
import smurff
from adapter import Point, Problem, Request, answer


def curve(problem: Problem, request: Request) -> Iterator[Point]:
    """One run; after each requested sweep, the mean of the draws after the burn-in.

    SMURFF subtracts no mean, so the mean of the training ratings is subtracted here. It predicts
    the test pairs within each sweep. `noise` is the precision of the ratings of a session with
    fixed noise, or absent if it is drawn.
    """
    settings = dict(request.settings)
    precision, burn_in = settings.pop("precision", None), settings["burnin"]
    noise = smurff.SampledNoise() if precision is None else smurff.FixedNoise(precision)
    session = smurff.TrainSession(
        priors=["normal", "normal"],
        **settings,
        nsamples=request.epochs[-1] - burn_in,
        num_threads=request.threads,
        seed=request.seed,
        verbose=0,
    )
    users, items, ratings = problem.train
    mean = ratings.mean(dtype=np.float64)
    centred = ratings - mean
    session.setTrain(sp.csr_matrix((centred, (users, items)), shape=problem.shape), noise)
    # The values of the test part are unknown here; they must only be there.
    pairs = problem.test
    ones = np.ones(len(pairs.users))
    session.setTest(sp.csr_matrix((ones, tuple(pairs)), shape=problem.shape))

    begin, aside = time.perf_counter(), 0.0
    session.init()
    for sweep in range(1, request.epochs[-1] + 1):
        session.step()
        if sweep in request.epochs:
            pause = time.perf_counter()
            predicted = {found.coords: found.pred_avg for found in session.getTestPredictions()}
            scores = [predicted[pair] for pair in zip(*map(np.ndarray.tolist, pairs), strict=True)]
            yield Point(sweep, pause - begin - aside, mean + np.array(scores))
            aside += time.perf_counter() - pause


answer(curve)
