"""What a finished search says: its best trial, and its trials as a table."""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from statistics import fmean
from typing import Any

from blendmf.common.errors import UserError
from blendmf.search.plan import SearchPlan
from blendmf.search.refits import Refit
from blendmf.search.space import boundary
from blendmf.search.trials import Trial, complete


def select_best(
    plan: SearchPlan, trials: Sequence[Trial], refits: Iterable[Refit], score: str
) -> dict[str, Any]:
    """Best trial of a search, its budget, and the boundaries of the space that it met.

    Parameters
    ----------
    plan : SearchPlan
    trials : sequence of Trial
        All of them.
    refits : iterable of Refit
        The finalists' fits, finalist by finalist. The lowest mean wins, a finalist that diverged
        less often before one that did more often; of equal ones the better trial.
    score : str
        What the trials' values are, as `blendmf.search.objective.score_name` says it.

    Returns
    -------
    dict
        ``model, params, score``; ``value``, the mean score of the chosen trial's new fits;
        ``number`` of that trial, its own ``trial_value`` and ``best_epoch``; the ``finalists``;
        counts of ``trials``, the ``budget``, the ``epochs`` that were run in all, and the
        ``boundary`` list of `blendmf.search.space.boundary`.

    Raises
    ------
    UserError
        If no trial ran to its end.
    """
    if not complete(trials):
        raise UserError(_all_failed(plan, score))
    refits = list(refits)
    standings = [
        _standing(trials[number], list(fits))
        for number, fits in groupby(refits, key=lambda refit: refit.number)
    ]
    chosen = min(standings, key=_rank)
    best = trials[chosen["number"]]
    counts = dict.fromkeys(("complete", "pruned", "failed"), 0)
    for trial in trials:
        counts[trial.state] += 1
    return {
        "model": plan.model,
        "params": best.params,
        "score": score,
        "value": best.value if chosen["mean"] is None else chosen["mean"],
        "number": best.number,
        "trial_value": best.value,
        "best_epoch": best.best_epoch,
        "finalists": standings,
        "trials": counts,
        "budget": {
            "trials": plan.trials,
            "epochs": plan.epochs,
            "trials_per_generation": plan.trials_per_generation,
            "sampler": plan.sampler,
            "reduction_factor": plan.reduction_factor,
            "finalist_seeds": len(refits) // len(standings),
        },
        "epochs": sum(trial.epochs for trial in trials) + sum(refit.epochs for refit in refits),
        "boundary": boundary(plan.space, best.params),
    }


def _standing(trial: Trial, fits: Sequence[Refit]) -> dict[str, Any]:
    """A finalist's number, its trial's value, and its new fits' values with their mean."""
    values = [fit.value for fit in fits]
    finite = [value for value in values if value is not None]
    return {
        "number": trial.number,
        "trial_value": trial.value,
        "values": values,
        "mean": fmean(finite) if finite else None,
    }


def _rank(standing: dict[str, Any]) -> tuple[int, float]:
    mean = standing["mean"]
    return standing["values"].count(None), math.inf if mean is None else mean


def _all_failed(plan: SearchPlan, score: str) -> str:
    failure = f"search of {plan.model}: none of {plan.trials} trials reached a finite {score}"
    rate = plan.space.get("learning_rate")
    if rate is None:
        return f"{failure}; see that the split leaves validation ratings"
    return (
        f"{failure}, training diverged; widen or lower its search space of learning_rate (now "
        f"{rate.low:g} to {rate.high:g}), and see that the split leaves validation ratings"
    )


def trials_table(
    plan: SearchPlan, trials: Sequence[Trial], refits: Iterable[Refit]
) -> tuple[list[str], list[list[Any]]]:
    """Columns, among them each parameter, and rows, the trials.

    The columns are ``number, generation, state, value, finalist_mean`` (the mean score of a
    finalist's new fits), ``epochs, best_epoch`` and the parameters. Without pandas, which takes
    longer to load than everything else here.
    """
    columns = ["number", "generation", "state", "value", "finalist_mean", "epochs", "best_epoch"]
    means = {
        number: _standing(trials[number], list(fits))["mean"]
        for number, fits in groupby(refits, key=lambda refit: refit.number)
    }
    rows = [
        [
            *(trial.number, plan.generation(trial.number), trial.state),
            *(trial.value, means.get(trial.number), trial.epochs, trial.best_epoch),
            *(trial.params[name] for name in plan.space),
        ]
        for trial in trials
    ]
    return [*columns, *plan.space], rows
