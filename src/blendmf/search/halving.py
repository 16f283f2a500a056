"""Successive halving: stops trials that fall behind.

A trial is judged after certain epochs, the rungs, by its lowest validation RMSE so far. It is
compared with trials of earlier generations only, so that the result does not depend on the number
of shards or on the order in which trials finish.

References
----------
L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht and A. Talwalkar, "A
System for Massively Parallel Hyperparameter Tuning", MLSys 2020.
"""

import math
from collections.abc import Iterable, Sequence

from blendmf.search.trials import Trial


class Halving:
    """Decides which trials of a generation continue after each rung.

    Parameters
    ----------
    rungs : sequence of int
        Epochs after which trials are judged.
    reduction_factor : int, optional
        One in this many trials continues; needed if there are rungs.
    earlier : iterable of Trial
        All trials of earlier generations. Failed ones are ignored: training often looks good
        shortly before it diverges.
    """

    def __init__(
        self, rungs: Sequence[int], reduction_factor: int | None, earlier: Iterable[Trial]
    ) -> None:
        self.rungs = tuple(rungs)
        self._factor = reduction_factor or 1
        known = [trial for trial in earlier if trial.state != "failed"]
        self._scores = [
            [value for trial in known if (value := _at_rung(trial, place)) is not None]
            for place in range(len(self.rungs))
        ]

    def continues(self, place: int, value: float) -> bool:
        """Whether a trial is among the best of those that reached a rung, itself included.

        Parameters
        ----------
        place : int
            Index of the rung.
        value : float
            Lowest validation RMSE of the trial so far.
        """
        scores = self._scores[place]
        better = sum(other < value for other in scores)
        return better < math.ceil((len(scores) + 1) / self._factor)


class Climb:
    """Progress of one trial through the rungs: a `GoesOn`, called after each epoch.

    Attributes
    ----------
    values : list of float
        Lowest validation RMSE at each rung that the trial reached.
    pruned : bool
        Whether the trial was stopped.
    """

    def __init__(self, halving: Halving) -> None:
        self._halving = halving
        self.values: list[float] = []
        self.pruned = False

    def __call__(self, epoch: int, value: float) -> bool:
        """Whether training continues after an epoch (from 1) with lowest RMSE so far `value`."""
        place = len(self.values)
        if epoch not in self._halving.rungs[place : place + 1]:
            return True
        self.values.append(value)
        self.pruned = not self._halving.continues(place, value)
        return not self.pruned


def _at_rung(trial: Trial, place: int) -> float | None:
    """Lowest RMSE of a trial up to a rung; None if it was pruned before the rung.

    A trial that ended by early stopping before a rung counts with its final score.
    """
    if place < len(trial.rungs):
        return trial.rungs[place]
    return None if trial.pruned else trial.value
