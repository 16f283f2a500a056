"""The outcome of a search: its best trial, its table of trials, and the start of a later search."""

import csv
import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike
from blendmf.search.finalists import Refit
from blendmf.search.plan import SearchPlan
from blendmf.search.space import Params, boundary
from blendmf.search.trials import Trial, complete

TRIAL_COLUMNS = (
    "number",
    "generation",
    "state",
    "value",
    "finalist_mean",
    "epochs",
    "best_epoch",
)
"""Columns of the table of trials, before the parameters."""


def select_best(
    plan: SearchPlan, trials: Sequence[Trial], refits: Iterable[Refit], score: str
) -> dict[str, Any]:
    """Best trial of a search, the budget, and the bounds of the space that it is close to.

    Parameters
    ----------
    plan : SearchPlan
    trials : sequence of Trial
        All trials of the search.
    refits : iterable of Refit
        The finalists' fits, grouped by finalist, best first. The finalist with the fewest diverged
        fits wins; ties go to the lowest mean, then to the better trial.
    score : str
        Name of the score, from `blendmf.search.plan.score_name`.

    Returns
    -------
    dict
        ``model, params, score``; ``value``, mean finite score of the chosen trial's repeated fits;
        ``number`` of that trial, its own ``trial_value`` and ``best_epoch``; the ``finalists``;
        counts of ``trials`` by state and of the ``distinct_values`` of complete ones, the
        ``budget``, the total number of ``epochs``, and the ``boundary`` list of
        `blendmf.search.space.boundary`.

    Raises
    ------
    UserError
        If no trial is complete.
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
        "distinct_values": len({trial.value for trial in complete(trials)}),
        "budget": {
            "trials": plan.settings.trials,
            "epochs": plan.epochs,
            "trials_per_generation": plan.settings.trials_per_generation,
            "sampler": plan.settings.sampler,
            "reduction_factor": plan.settings.reduction_factor,
            "finalist_seeds": len(refits) // len(standings),
        },
        "epochs": sum(trial.epochs for trial in trials) + sum(refit.epochs for refit in refits),
        "boundary": boundary(plan.space, best.params),
    }


def _standing(trial: Trial, fits: Sequence[Refit]) -> dict[str, Any]:
    """A finalist's number, its trial's score, and its repeated fits' scores and their mean."""
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
    failure = (
        f"search of {plan.model}: none of {plan.settings.trials} trials reached a finite {score}"
    )
    rate = plan.space.get("learning_rate")
    if rate is None:
        return f"{failure}; check that the split leaves validation ratings"
    return (
        f"{failure}, training diverged; widen or lower its search space of learning_rate (now "
        f"{rate.low:g} to {rate.high:g}), and check that the split leaves validation ratings"
    )


def trials_table(
    plan: SearchPlan, trials: Sequence[Trial], refits: Iterable[Refit]
) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows of the table of trials.

    The columns are `TRIAL_COLUMNS`, where ``finalist_mean`` is the mean score of a finalist's
    repeated fits, and the parameters. Does not use pandas, because it loads slowly.
    """
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
    return [*TRIAL_COLUMNS, *plan.space], rows


def earlier_finalists(path: PathLike) -> list[Params]:
    """Parameters of an earlier search's finalists, lowest mean score first.

    Their scores are not used: they may come from other data, epochs or random numbers.

    Parameters
    ----------
    path : path
        The ``trials.csv`` of the search.

    Raises
    ------
    UserError
        If the file is not a table of trials.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        ranked = sorted(
            (float(row["finalist_mean"]), int(row["number"]), row)
            for row in rows
            if row["finalist_mean"]
        )
        return [
            {name: float(x) for name, x in row.items() if name not in TRIAL_COLUMNS and x}
            for _, _, row in ranked
        ]
    except (OSError, UnicodeDecodeError, KeyError, ValueError, TypeError) as error:
        raise UserError(
            f"{path}: no table of trials with their finalists ({error!r}); search.warm_start names "
            "the folder of an earlier search"
        ) from error
