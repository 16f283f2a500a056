"""SGD of blendmf alone: epochs of its engine, without the RMSE that fits take after each.

Surprise and LIBMF take no RMSE while they learn, so this is what their epochs compare with.
"""

import time
from collections.abc import Iterator

import numpy as np
from adapter import Point, Problem, Request, answer

from blendmf.common.random_streams import stream
from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.engines import make_engine
from blendmf.training.parameters import Parameters, Terms


def curve(problem: Problem, request: Request) -> Iterator[Point]:
    """One run, which stops the clock at each point."""
    entry = {"kind": "mf", **request.settings}
    settings = TrainingSettings(**entry.get("training", {}))
    terms = Terms.of_kind(entry["kind"], entry.get("blend"))
    train = Observations(*problem.train, problem.shape)
    content = problem.content if terms.use_content else problem.content[:, :0]
    random = stream(request.seed, "peers")
    initial = Parameters.initial(terms, train, content.shape[1], settings, random)
    engine, _ = make_engine(
        initial, train, content, settings, problem.rating_range, random, request.threads
    )
    run, seconds = 0, 0.0
    for epochs in request.epochs:
        start = time.perf_counter()
        for epoch in range(run, epochs):
            engine.run_epoch(settings.learning_rate_at(epoch))
        seconds += time.perf_counter() - start
        run = epochs
        engine.keep()
        model = engine.kept().to_model(problem.shape, (-np.inf, np.inf), content)
        yield Point(epochs, seconds, model.predict(*problem.test))


answer(curve)
