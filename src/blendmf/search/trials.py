"""Trials of a search and their files, one JSON line per trial."""

import json
import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike, write_text
from blendmf.search.plan import SearchPlan
from blendmf.search.space import Params

Record = TypeVar("Record")

REMEDY = "delete the file and run again"


@dataclass(frozen=True)
class TrialOutcome:
    """Result of fitting a model with a trial's parameters.

    Attributes
    ----------
    value : float
        The score, lower is better; not finite if training diverged.
    epochs, best_epoch : int
        Number of epochs, and the epoch with the score `value`; 0 without epochs.
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
        Counted from 0.
    params : dict
    value : float or None
        The score, lower is better: that of the best epoch so far if the trial was pruned, None if
        it failed.
    epochs : int
        Number of epochs; 0 for a model without epochs.
    best_epoch : int or None
        The epoch with the score `value`; None if the trial failed.
    rungs : tuple of float
        Lowest score at each rung of the halving that the trial reached; empty if it failed.
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
        """Trial with the given outcome; failed if its value is not finite."""
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
        """The trial as one line of JSON."""
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
        """Trial from a line written by `to_json`.

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
            raise ValueError(f"state {state!r} contradicts {trial.value!r} and {reached}")
        return trial


def complete(trials: Iterable[Trial]) -> list[Trial]:
    """Trials that neither failed nor were pruned."""
    return [trial for trial in trials if trial.state == "complete"]


def scored(trials: Iterable[Trial]) -> list[Trial]:
    """Trials that did not fail, including pruned ones."""
    return [trial for trial in trials if trial.value is not None]


def read_lines(
    path: PathLike, parse: Callable[[str], Record], what: str
) -> list[tuple[str, Record]]:
    """Records of a file of JSON lines, each with its file and line number for messages.

    Raises
    ------
    UserError
        If the file cannot be read, or a line cannot be parsed.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {what}s cannot be read ({error}); {REMEDY}") from error
    records = []
    for number, line in enumerate(lines, start=1):
        where = f"{path}, line {number}"
        try:
            records.append((where, parse(line)))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise UserError(f"{where}: no {what} ({error}); {REMEDY}") from error
    return records


def write_trials(path: PathLike, trials: Iterable[Trial]) -> None:
    """Write trials as JSON lines, in the given order."""
    write_text(path, "".join(trial.to_json() + "\n" for trial in trials))


def read_trials(
    paths: Iterable[PathLike], plan: SearchPlan, numbers: Collection[int]
) -> list[Trial]:
    """Read a search's trials from the files of its shards, in any order.

    Parameters
    ----------
    paths : iterable of path
    plan : SearchPlan
        The search that the trials belong to.
    numbers : collection of int
        Numbers of the trials that must exist.

    Returns
    -------
    list of Trial
        Sorted by number.

    Raises
    ------
    UserError
        If a file is missing or broken, a trial lies outside the plan's space, or the trials are
        not exactly those of `numbers`.
    """
    found: dict[int, Trial] = {}
    for path in paths:
        for where, trial in read_lines(path, Trial.from_json, "trial"):
            if trial.number in found:
                raise UserError(
                    f"{where}: trial {trial.number} of {plan.model} is in another file too; delete "
                    "the search folder of the model and run again"
                )
            if trial.params.keys() != plan.space.keys() or not all(
                value in plan.space[name] for name, value in trial.params.items()
            ):
                raise UserError(
                    f"{where}: trial {trial.number} lies outside the search space of {plan.model} "
                    f"({trial.params}); {REMEDY}"
                )
            found[trial.number] = trial
    for problem, which in (
        ("missing", set(numbers) - found.keys()),
        ("not of this search", found.keys() - set(numbers)),
    ):
        if which:
            raise UserError(
                f"search of {plan.model}: trials {sorted(which)} are {problem}; delete the search "
                "folder of the model and run again"
            )
    return [found[number] for number in sorted(found)]
