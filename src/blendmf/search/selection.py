"""What a finished search says: its best trial, its trials as a table, what mattered."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from blendmf.errors import UserError
from blendmf.search.plan import SearchPlan
from blendmf.search.space import Dimension, boundary
from blendmf.search.study import distribution, frozen, new_study
from blendmf.search.trials import Trial, complete
from blendmf.streams import stream_seed


def select_best(plan: SearchPlan, trials: Sequence[Trial], epochs: int) -> dict[str, Any]:
    """Best trial of a search, its budget, and the boundaries of the space that it met.

    Parameters
    ----------
    plan : SearchPlan
    trials : sequence of Trial
        All of them; of equal ones the first proposed wins.
    epochs : int
        Most epochs that a trial was given.

    Returns
    -------
    dict
        ``model, params, value, number, best_epoch``, counts of ``trials``, the ``budget`` and
        the ``boundary`` list of `blendmf.search.space.boundary`.

    Raises
    ------
    UserError
        If every trial failed.
    """
    finished = complete(trials)
    if not finished:
        raise UserError(_all_failed(plan))
    best = min(finished, key=lambda trial: (trial.value, trial.number))
    return {
        "model": plan.model,
        "params": best.params,
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


def _all_failed(plan: SearchPlan) -> str:
    rate = plan.space.get("learning_rate")
    now = (
        f"search space of learning_rate (now {rate.low:g} to {rate.high:g})"
        if rate
        else ("learning_rate")
    )
    return (
        f"search of {plan.model}: none of {plan.trials} trials reached a finite validation RMSE, "
        f"training diverged; widen or lower its {now}, and see that the split leaves "
        "validation ratings"
    )


def trials_table(plan: SearchPlan, trials: Sequence[Trial]) -> pd.DataFrame:
    """Table of the trials: ``number, generation, state, value, best_epoch``, each parameter."""
    table = pd.DataFrame(
        {
            "number": [trial.number for trial in trials],
            "generation": [plan.generation(trial.number) for trial in trials],
            "state": [trial.state for trial in trials],
            "value": pd.array([trial.value for trial in trials], dtype="Float64"),
            "best_epoch": pd.array([trial.best_epoch for trial in trials], dtype="Int64"),
        }
    )
    return table.assign(**{name: [trial.params[name] for trial in trials] for name in plan.space})


def importances(plan: SearchPlan, trials: Sequence[Trial]) -> pd.DataFrame:
    """Share of the scores' variance over the space that each parameter explains alone (fANOVA).

    Returns
    -------
    DataFrame
        ``parameter, importance``, the most important first. Importances add up to 1, or are
        all 0 where nothing can be said: with fewer than two different scores among the
        complete trials, or fewer than two different points.

    References
    ----------
    F. Hutter, H. Hoos and K. Leyton-Brown, "An efficient approach for assessing hyperparameter
    importance", ICML 2014.
    """
    finished = complete(trials)
    shares = dict.fromkeys(plan.space, 0.0)
    points = {tuple(trial.params.values()) for trial in finished}
    if len(points) > 1 and len({trial.value for trial in finished}) > 1:
        shares |= _fanova(plan, finished)
    order = sorted(shares, key=lambda name: -shares[name])
    return pd.DataFrame({"parameter": order, "importance": [shares[name] for name in order]})


def _fanova(plan: SearchPlan, trials: Sequence[Trial]) -> dict[str, float]:
    """Normalised importances by parameter."""
    # Imported here since it brings scikit-learn.
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    # The evaluator weighs a logarithmic parameter by plain amount, so that its lower decades
    # count for next to nothing; positions on the searched scale count alike.
    unit = dict.fromkeys(plan.space, distribution(Dimension(0.0, 1.0)))
    study = new_study()
    for trial in trials:
        positions = {name: plan.space[name].position(x) for name, x in trial.params.items()}
        study.add_trial(frozen(trial, unit, positions))
    evaluator = FanovaImportanceEvaluator(seed=stream_seed(plan.seed, "importances", plan.model))
    found = get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}
