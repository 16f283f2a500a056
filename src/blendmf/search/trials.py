"""Trials of a search and the files that hold them, one JSON line for each."""

import json
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike, write_text
from blendmf.search.plan import SearchPlan
from blendmf.search.space import Params


@dataclass(frozen=True)
class TrialOutcome:
    """What an objective finds.

    Attributes
    ----------
    value : float
        The score, the lower the better; not finite where the training diverged.
    epochs, best_epoch : int
        Epochs that were run, and the one that `value` belongs to.
    """

    value: float
    epochs: int
    best_epoch: int


@dataclass(frozen=True)
class Trial:
    """One evaluated point of the space.

    Attributes
    ----------
    number : int
        From 0.
    params : dict
    value : float or None
        The score, the lower the better; that of the best epoch so far where the trial was pruned,
        None where it failed.
    epochs : int
        Epochs that were run; 0 for a kind that is not trained by epochs.
    best_epoch : int or None
        The epoch that `value` belongs to; None where the trial failed.
    rungs : tuple of float
        Lowest score at each rung of the halving that the trial reached; empty where it failed.
    pruned : bool
        Whether the halving stopped it.
    """

    number: int
    params: Params
    value: float | None
    epochs: int
    best_epoch: int | None
    rungs: tuple[float, ...] = ()
    pruned: bool = False

    @classmethod
    def of_outcome(
        cls,
        number: int,
        params: Params,
        outcome: TrialOutcome,
        rungs: Iterable[float] = (),
        pruned: bool = False,
    ) -> "Trial":
        """Trial that came out as `outcome`; a value that is not finite is a failure."""
        if not math.isfinite(outcome.value):
            return cls(number, params, None, int(outcome.epochs), None)
        value, epochs, best_epoch = outcome.value, outcome.epochs, outcome.best_epoch
        reached = tuple(map(float, rungs))
        return cls(number, params, float(value), int(epochs), int(best_epoch), reached, pruned)

    @property
    def state(self) -> str:
        """``"complete"``, ``"pruned"`` or ``"failed"``."""
        if self.value is None:
            return "failed"
        return "pruned" if self.pruned else "complete"

    def to_json(self) -> str:
        """One line of JSON that says it all."""
        record = {
            "number": self.number,
            "params": self.params,
            "value": self.value,
            "state": self.state,
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "rungs": list(self.rungs),
        }
        return json.dumps(record, allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> "Trial":
        """Trial of a line that `to_json` wrote.

        Raises
        ------
        ValueError, TypeError, KeyError
            If the line is anything else.
        """
        record = dict(json.loads(line))
        state, reached = record.pop("state"), tuple(record.pop("rungs"))
        trial = cls(**record, rungs=reached, pruned=state == "pruned")
        if not isinstance(trial.number, int) or not isinstance(trial.params, dict):
            raise TypeError("number or params are of the wrong type")
        if state != trial.state or not all(map(math.isfinite, (trial.value or 0.0, *reached))):
            raise ValueError(f"state {state!r} does not go with {trial.value!r} and {reached}")
        return trial


def complete(trials: Iterable[Trial]) -> list[Trial]:
    """Those trials that ran to their end."""
    return [trial for trial in trials if trial.state == "complete"]


def scored(trials: Iterable[Trial]) -> list[Trial]:
    """Those trials that did not fail, pruned ones among them."""
    return [trial for trial in trials if trial.value is not None]


def write_trials(path: PathLike, trials: Iterable[Trial]) -> None:
    """Write trials as JSON lines, in the order given."""
    write_text(path, "".join(trial.to_json() + "\n" for trial in trials))


def read_trials(
    paths: Iterable[PathLike], plan: SearchPlan, numbers: Collection[int]
) -> list[Trial]:
    """Read a search's trials from the files of its shards, whatever the files' order.

    Parameters
    ----------
    paths : iterable of path
    plan : SearchPlan
        The search that the trials belong to.
    numbers : collection of int
        The trials that must be there.

    Returns
    -------
    list of Trial
        In the order of their numbers.

    Raises
    ------
    UserError
        If a file is missing or broken, a trial lies outside the plan's space, or the trials are
        not exactly those that `numbers` asks for.
    """
    found: dict[int, tuple[Trial, PathLike]] = {}
    for path in paths:
        for trial in _read_shard(path, plan):
            if trial.number in found:
                other = found[trial.number][1]
                raise UserError(
                    f"{path}: trial {trial.number} of {plan.model} is in {other} too; delete the "
                    "search folder of the model and run again"
                )
            found[trial.number] = trial, path
    for problem, which in (
        ("missing", set(numbers) - found.keys()),
        ("not of this search", found.keys() - set(numbers)),
    ):
        if which:
            raise UserError(
                f"search of {plan.model}: trials {sorted(which)} are {problem}; delete the search "
                "folder of the model and run again"
            )
    return [found[number][0] for number in sorted(found)]


def _read_shard(path: PathLike, plan: SearchPlan) -> list[Trial]:
    remedy = "delete the file and run again"
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: trials cannot be read ({error}); {remedy}") from error
    trials = []
    for number, line in enumerate(lines, start=1):
        try:
            trial = Trial.from_json(line)
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(f"{path}, line {number}: no trial ({error}); {remedy}") from error
        if trial.params.keys() != plan.space.keys() or not all(
            value in plan.space[name] for name, value in trial.params.items()
        ):
            raise UserError(
                f"{path}, line {number}: trial {trial.number} lies outside the search space of "
                f"{plan.model} ({trial.params}); {remedy}"
            )
        trials.append(trial)
    return trials
