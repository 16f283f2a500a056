"""Successive halving: a trial that falls behind is not trained to its end.

A trial is judged at some of its epochs, the rungs, by the lowest validation RMSE that it has
reached there, beside the trials of earlier generations alone: what runs at the same time has no
say, so the outcome is the same for any number of shards and any order of finishing.

References
----------
L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht and A. Talwalkar, "A
System for Massively Parallel Hyperparameter Tuning", MLSys 2020.
"""

import math
from collections.abc import Iterable, Sequence

from blendmf.search.trials import Trial


class Halving:
    """Which trials of a generation go on from each rung.

    Parameters
    ----------
    rungs : sequence of int
    reduction_factor : int, optional
        Needed where there are rungs.
    earlier : iterable of Trial
        All trials of the generations before; failed ones do not count, since training that
        diverges often looks good shortly before.
    """

    def __init__(
        self, rungs: Sequence[int], reduction_factor: int | None, earlier: Iterable[Trial]
    ) -> None:
        self.rungs = tuple(rungs)
        self._factor = reduction_factor or 1
        known = [trial for trial in earlier if trial.state != "failed"]
        self._seen = [
            [value for trial in known if (value := _at_rung(trial, place)) is not None]
            for place in range(len(self.rungs))
        ]

    def goes_on(self, place: int, value: float) -> bool:
        """Whether a trial is among the best so many that have reached a rung, itself counted.

        Parameters
        ----------
        place : int
            Which rung, from 0.
        value : float
            Lowest validation RMSE of the trial up to there.
        """
        seen = self._seen[place]
        better = sum(other < value for other in seen)
        return better < math.ceil((len(seen) + 1) / self._factor)


class Climb:
    """One trial on its way up the rungs; to be asked after each epoch.

    Attributes
    ----------
    values : list of float
        Lowest validation RMSE at each rung that the trial reached.
    pruned : bool
        Whether it was stopped.
    """

    def __init__(self, halving: Halving) -> None:
        self._halving = halving
        self.values: list[float] = []
        self.pruned = False

    def __call__(self, epoch: int, value: float) -> bool:
        """Whether training goes on after an epoch (from 1) with `value` the lowest RMSE so far."""
        place = len(self.values)
        if epoch not in self._halving.rungs[place : place + 1]:
            return True
        self.values.append(value)
        self.pruned = not self._halving.goes_on(place, value)
        return not self.pruned


def _at_rung(trial: Trial, place: int) -> float | None:
    """Lowest RMSE of a trial up to a rung, None if it was stopped below.

    A trial that ended by itself below a rung would not have come lower up there.
    """
    if place < len(trial.rungs):
        return trial.rungs[place]
    return None if trial.pruned else trial.value
