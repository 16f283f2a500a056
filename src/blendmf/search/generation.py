"""Propose and evaluate the trials of a generation.

Every shard recomputes the generation's proposals from the trials of earlier generations. This needs
neither a server nor a lock, and gives the same points for any number of shards.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import TrialState

from blendmf.common.job_log import progress
from blendmf.common.random_streams import stream, stream_seed
from blendmf.search.halving import Climb, Halving
from blendmf.search.objective import Objective
from blendmf.search.plan import SearchPlan
from blendmf.search.space import Params
from blendmf.search.study import distributions_of, frozen, new_study
from blendmf.search.trial_times import time_line
from blendmf.search.trials import Trial, scored

CANDIDATES = 100
"""Number of candidate points from which TPE proposes the most promising one.

Optuna's default of 24 is slightly worse for a budget of tens of trials: mean best value 0.9400
instead of 0.9398 over 25 searches of a Gaussian process fitted to 175 trainings on ml-100k."""


def search(
    objective: Objective,
    plan: SearchPlan,
    earlier: Sequence[Trial],
    *,
    generation: int,
    shard: int,
) -> list[Trial]:
    """Evaluate the trials of a generation that belong to one shard.

    Parameters
    ----------
    objective : callable
        As made by `validation_objective`. A trial with a value that is not finite fails, and the
        search continues. All trials use the same random stream.
    plan : SearchPlan
    earlier : sequence of Trial
        All trials of earlier generations, sorted by number.
    generation, shard : int
        Counted from 0. A shard evaluates every ``plan.settings.shards``-th trial.

    Returns
    -------
    list of Trial
        Sorted by number; empty if the generation has no trial for this shard.
    """
    shards = plan.settings.shards
    proposed = zip(plan.numbers(generation), propose(plan, earlier, generation), strict=True)
    own = [(number, params) for number, params in proposed if number % shards == shard]
    halving = Halving(plan.rungs, plan.settings.reduction_factor, earlier)
    trials = []
    for number, params in progress(own, "trials"):
        climb, start = Climb(halving), datetime.now(UTC)
        outcome = objective(params, ("search", plan.model), climb)
        trials.append(Trial.of_outcome(number, params, outcome, climb.values, climb.pruned))
        print(trials[-1].to_json())
        print(time_line(number, start, datetime.now(UTC)))
    return trials


def propose(plan: SearchPlan, earlier: Sequence[Trial], generation: int) -> list[Params]:
    """Points of a generation's trials.

    Parameters
    ----------
    plan : SearchPlan
    earlier : sequence of Trial
        All trials of earlier generations, sorted by number.
    generation : int
        Counted from 0.

    Returns
    -------
    list of dict
        One point per number of ``plan.numbers(generation)``; the plan's starting points come
        first, for every sampler.

    Notes
    -----
    ``random`` draws points from the space. ``qmc`` takes the points of a scrambled Sobol sequence.
    ``tpe`` draws at random until a trial has a score; then the multivariate tree-structured Parzen
    estimator proposes. Within a generation, TPE treats pending trials as bad ones ("constant
    liar"). Pruned trials rank below complete ones, and lower the earlier they were pruned. Failed
    trials are reported as pruned and rank lowest, because Optuna ignores the points of failed ones.

    References
    ----------
    S. Falkner, A. Klein and F. Hutter, "BOHB: Robust and efficient hyperparameter optimization
    at scale", ICML 2018, for the multivariate estimator.
    """
    given = list(plan.start)[plan.numbers(generation).start :]
    if plan.settings.sampler == "qmc":
        points = _sobol_points(plan, plan.numbers(generation))
        return [*given[: len(points)], *points[len(given) :]]
    space = distributions_of(plan.space)
    study = new_study(sampler=_sampler(plan, earlier, generation))
    study.add_trials(
        [frozen(trial, space, rungs=plan.rungs, failed=TrialState.PRUNED) for trial in earlier]
    )
    for point in given:
        study.enqueue_trial(point)
    return [dict(study.ask(space).params) for _ in plan.numbers(generation)]


def _sampler(plan: SearchPlan, earlier: Sequence[Trial], generation: int) -> BaseSampler:
    seed = stream_seed(plan.seed, "search", plan.model, generation)
    if plan.settings.sampler == "random" or not scored(earlier):
        return RandomSampler(seed=seed)
    return TPESampler(
        seed=seed,
        n_startup_trials=1,
        multivariate=True,
        constant_liar=True,
        n_ei_candidates=CANDIDATES,
    )


def _sobol_points(plan: SearchPlan, numbers: range) -> list[Params]:
    """Points of the search's Sobol sequence with the given numbers."""
    # Imported here because it loads slowly and the other samplers do not need it.
    from scipy.stats.qmc import Sobol

    sequence = Sobol(len(plan.space), scramble=True, rng=stream(plan.seed, "sobol", plan.model))
    # Powers of two fill the space evenly; SciPy warns about other numbers of points.
    positions: np.ndarray = sequence.random_base2(math.ceil(math.log2(numbers.stop)))
    return [
        {
            name: dimension.at(float(position))
            for (name, dimension), position in zip(plan.space.items(), row, strict=True)
        }
        for row in positions[numbers.start : numbers.stop]
    ]
