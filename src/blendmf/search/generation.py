"""The part of a generation of trials that one job evaluates."""

from collections.abc import Sequence

from blendmf.common.job_log import progress
from blendmf.search.halving import Climb, Halving
from blendmf.search.objective import Objective
from blendmf.search.plan import SearchPlan
from blendmf.search.proposals import propose
from blendmf.search.trials import Trial


def search(
    objective: Objective,
    plan: SearchPlan,
    earlier: Sequence[Trial],
    *,
    generation: int,
    shard: int,
) -> list[Trial]:
    """Evaluate those trials of a generation that fall to one shard: every `plan.shards`-th.

    Parameters
    ----------
    objective : callable
        As `validation_objective` makes it; a value that is not finite makes a failed trial, and
        the search goes on. Every trial starts from the same random numbers.
    plan : SearchPlan
    earlier : sequence of Trial
        All trials of the generations before, in the order of their numbers.
    generation, shard : int
        From 0.

    Returns
    -------
    list of Trial
        In the order of their numbers; empty where the generation has too few for this shard.
    """
    proposed = zip(plan.numbers(generation), propose(plan, earlier, generation), strict=True)
    own = [(number, params) for number, params in proposed if number % plan.shards == shard]
    halving = Halving(plan.rungs, plan.reduction_factor, earlier)
    trials = []
    for number, params in progress(own, "trials"):
        climb = Climb(halving)
        outcome = objective(params, ("search", plan.model), climb)
        trials.append(Trial.of_outcome(number, params, outcome, climb.values, climb.pruned))
        print(trials[-1].to_json())
    return trials
