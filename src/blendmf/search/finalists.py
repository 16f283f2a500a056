"""The best trials of a search fitted again, from other random numbers.

The lowest of many noisy scores is flattered by luck, that of the random numbers which all trials
start from among it. Fits from fresh ones tell which of the best trials is better, and how good.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict

from blendmf.common.job_log import progress
from blendmf.search.objective import Objective
from blendmf.search.plan import SearchPlan
from blendmf.search.refits import Refit, refits_due
from blendmf.search.trials import Trial
from blendmf.training.loop import to_the_end


def finalists(
    objective: Objective, plan: SearchPlan, trials: Iterable[Trial], *, shard: int
) -> list[Refit]:
    """Fit the finalists again, those fits of them that fall to one shard.

    Parameters
    ----------
    objective : callable
        As `validation_objective` makes it.
    plan : SearchPlan
    trials : iterable of Trial
        All trials of the search.
    shard : int
        From 0; it has every `plan.shards`-th fit.

    Returns
    -------
    list of Refit
        A kind that is not trained by epochs has no chance in it: its trial stands for its fit.
    """
    refits = []
    own = refits_due(plan, trials)[shard :: plan.shards]
    for trial, seed in progress(own, "fits of finalists"):
        if plan.epochs is None:
            refits.append(Refit(trial.number, seed, trial.value, trial.epochs))
            continue
        outcome = objective(trial.params, ("finalists", plan.model, seed), to_the_end)
        value = float(outcome.value) if math.isfinite(outcome.value) else None
        refits.append(Refit(trial.number, seed, value, outcome.epochs))
        print(json.dumps(asdict(refits[-1])))
    return refits
