"""The finalists of a search: its best trials, refitted with other random streams.

The lowest of many noisy scores is biased low by selection. Refits with new random streams give a
fairer comparison of the best trials.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike, write_text
from blendmf.common.job_log import progress
from blendmf.search.plan import SearchPlan
from blendmf.search.trials import Trial, complete, read_lines

if TYPE_CHECKING:
    from blendmf.search.objective import Objective


@dataclass(frozen=True)
class Refit:
    """A repeated fit of a finalist.

    Attributes
    ----------
    number : int
        Number of the trial.
    seed : int
        Number of the random stream, from 1.
    value : float or None
        The score; None if training diverged.
    epochs : int
        Number of epochs.
    """

    number: int
    seed: int
    value: float | None
    epochs: int


def refit_finalists(
    objective: "Objective", plan: SearchPlan, trials: Iterable[Trial], *, shard: int
) -> list[Refit]:
    """Fit the finalists again: the fits that belong to one shard.

    Parameters
    ----------
    objective : callable
        As made by `validation_objective`.
    plan : SearchPlan
    trials : iterable of Trial
        All trials of the search.
    shard : int
        Counted from 0. A shard runs every ``plan.settings.shards``-th fit.

    Returns
    -------
    list of Refit
        A deterministic model is not fitted again: its trial counts as its fit.
    """
    # Loads the training, which the choice among the refits does not need.
    from blendmf.training.loop import to_the_end

    refits = []
    own = refits_due(plan, trials)[shard :: plan.settings.shards]
    for trial, seed in progress(own, "fits of finalists"):
        if plan.epochs is None:
            refits.append(Refit(trial.number, seed, trial.value, trial.epochs))
            continue
        outcome = objective(trial.params, ("finalists", plan.model, seed), to_the_end)
        value = float(outcome.value) if math.isfinite(outcome.value) else None
        refits.append(Refit(trial.number, seed, value, outcome.epochs))
        print(json.dumps(asdict(refits[-1])))
    return refits


def best_trials(plan: SearchPlan, trials: Iterable[Trial]) -> list[Trial]:
    """The best complete trials with distinct points, best first; ties by number."""
    found: dict[tuple[float, ...], Trial] = {}
    for trial in sorted(complete(trials), key=lambda trial: (trial.value, trial.number)):
        found.setdefault(tuple(trial.params.values()), trial)
    return list(found.values())[: plan.settings.finalists]


def refits_due(plan: SearchPlan, trials: Iterable[Trial]) -> list[tuple[Trial, int]]:
    """Finalists, best first, with each seed of their fits; only seed 1 without epochs."""
    n_seeds = 1 if plan.epochs is None else plan.settings.finalist_seeds
    return [(trial, 1 + seed) for trial in best_trials(plan, trials) for seed in range(n_seeds)]


def write_refits(path: PathLike, refits: Iterable[Refit]) -> None:
    """Write fits of finalists as JSON lines."""
    lines = (json.dumps(asdict(refit), allow_nan=False) for refit in refits)
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_refits(
    paths: Iterable[PathLike], plan: SearchPlan, trials: Sequence[Trial]
) -> list[Refit]:
    """Read the fits of a search's finalists from the files of its shards, in any order.

    Returns
    -------
    list of Refit
        Best finalist first, then by seed.

    Raises
    ------
    UserError
        If a file is broken, or the fits are not exactly those of the finalists.
    """
    found = {
        (refit.number, refit.seed): refit
        for path in paths
        for _, refit in read_lines(path, lambda line: Refit(**json.loads(line)), "finalist's fit")
    }
    wanted = [(trial.number, seed) for trial, seed in refits_due(plan, trials)]
    if found.keys() != set(wanted):
        raise UserError(
            f"search of {plan.model}: the fits of its finalists are {sorted(found)} (trial, seed) "
            f"and should be {sorted(wanted)}; delete its folder finalists and run again"
        )
    return [found[pair] for pair in wanted]
