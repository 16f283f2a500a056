"""What a finished search says: its best trial, and its trials as a table."""

from collections.abc import Sequence
from typing import Any

from blendmf.errors import UserError
from blendmf.search.plan import SearchPlan
from blendmf.search.space import boundary
from blendmf.search.trials import Trial, complete


def select_best(
    plan: SearchPlan, trials: Sequence[Trial], epochs: int | None, score: str
) -> dict[str, Any]:
    """Best trial of a search, its budget, and the boundaries of the space that it met.

    Parameters
    ----------
    plan : SearchPlan
    trials : sequence of Trial
        All of them; of equal ones the first proposed wins.
    epochs : int, optional
        Most epochs that a trial was given; None for a kind that is not trained by epochs.
    score : str
        What the trials' values are, as `blendmf.search.objective.score_name` says it.

    Returns
    -------
    dict
        ``model, params, score, value, number, best_epoch``, counts of ``trials``, the ``budget``
        and the ``boundary`` list of `blendmf.search.space.boundary`.

    Raises
    ------
    UserError
        If every trial failed.
    """
    finished = complete(trials)
    if not finished:
        raise UserError(_all_failed(plan, score))
    best = min(finished, key=lambda trial: (trial.value, trial.number))
    return {
        "model": plan.model,
        "params": best.params,
        "score": score,
        "value": best.value,
        "number": best.number,
        "best_epoch": best.best_epoch,
        "trials": {"complete": len(finished), "failed": len(trials) - len(finished)},
        "budget": {
            "trials": plan.trials,
            "epochs": epochs,
            "trials_per_generation": plan.trials_per_generation,
            "sampler": plan.sampler,
        },
        "boundary": boundary(plan.space, best.params),
    }


def _all_failed(plan: SearchPlan, score: str) -> str:
    failure = f"search of {plan.model}: none of {plan.trials} trials reached a finite {score}"
    rate = plan.space.get("learning_rate")
    if rate is None:
        return f"{failure}; see that the split leaves validation ratings"
    return (
        f"{failure}, training diverged; widen or lower its search space of learning_rate (now "
        f"{rate.low:g} to {rate.high:g}), and see that the split leaves validation ratings"
    )


def trials_table(plan: SearchPlan, trials: Sequence[Trial]) -> tuple[list[str], list[list[Any]]]:
    """Columns ``number, generation, state, value, best_epoch``, each parameter; rows, the trials.

    Without pandas, which takes longer to load than everything else here.
    """
    columns = ["number", "generation", "state", "value", "best_epoch", *plan.space]
    rows = [
        [
            *(trial.number, plan.generation(trial.number), trial.state),
            *(trial.value, trial.best_epoch),
            *(trial.params[name] for name in plan.space),
        ]
        for trial in trials
    ]
    return columns, rows
