"""The finalists of a search, and the files that hold their fits, one JSON line for each."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike, write_text
from blendmf.search.plan import SearchPlan
from blendmf.search.trials import Trial, complete


@dataclass(frozen=True)
class Refit:
    """One more fit of a finalist.

    Attributes
    ----------
    number : int
        Of the trial.
    seed : int
        From 1; which stream of random numbers the fit had.
    value : float or None
        Its score; None where training diverged.
    epochs : int
        Epochs that were run.
    """

    number: int
    seed: int
    value: float | None
    epochs: int


def best_trials(plan: SearchPlan, trials: Iterable[Trial]) -> list[Trial]:
    """The finalists: the `plan.finalists` best complete trials of different points, best first.

    Of equal ones the first proposed comes first.
    """
    found: dict[tuple[float, ...], Trial] = {}
    for trial in sorted(complete(trials), key=lambda trial: (trial.value, trial.number)):
        found.setdefault(tuple(trial.params.values()), trial)
    return list(found.values())[: plan.finalists]


def refits_due(plan: SearchPlan, trials: Iterable[Trial]) -> list[tuple[Trial, int]]:
    """Finalists, best first, with each seed that they are to be fitted by; one without chance."""
    n_seeds = 1 if plan.epochs is None else plan.finalist_seeds
    return [(trial, 1 + seed) for trial in best_trials(plan, trials) for seed in range(n_seeds)]


def write_refits(path: PathLike, refits: Iterable[Refit]) -> None:
    """Write fits of finalists as JSON lines."""
    lines = (json.dumps(asdict(refit), allow_nan=False) for refit in refits)
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_refits(
    paths: Iterable[PathLike], plan: SearchPlan, trials: Sequence[Trial]
) -> list[Refit]:
    """Read the fits of a search's finalists from the files of the shards, whatever their order.

    Returns
    -------
    list of Refit
        The finalists from the best on, and the seeds of each.

    Raises
    ------
    UserError
        If a file is broken, or the fits are not exactly those of the finalists.
    """
    found: dict[tuple[int, int], Refit] = {}
    for path in paths:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            try:
                refit = Refit(**json.loads(line))
            except (ValueError, TypeError) as error:
                raise UserError(
                    f"{path}: no fit of a finalist ({error}); delete the file and run again"
                ) from error
            found[refit.number, refit.seed] = refit
    wanted = [(trial.number, seed) for trial, seed in refits_due(plan, trials)]
    if found.keys() != set(wanted):
        raise UserError(
            f"search of {plan.model}: the fits of its finalists are {sorted(found)} (trial, seed) "
            f"and should be {sorted(wanted)}; delete its folder finalists and run again"
        )
    return [found[pair] for pair in wanted]
