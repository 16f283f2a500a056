"""The plan of a search: its space, its budget and its generations."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blendmf.config.models import Entry, TrainedEntry
from blendmf.config.protocol import EvaluationSettings
from blendmf.config.search import SearchSettings
from blendmf.search.space import Dimension, Params, search_space

FIRST_RUNG = 2
"""Smallest number of epochs after which a trial is judged."""


@dataclass(frozen=True)
class SearchPlan:
    """Search of one model's settings in generations of trials.

    Attributes
    ----------
    model : str
        Name of the model; also names the random streams.
    space : mapping of str to Dimension
    settings : SearchSettings
        Number of trials, generations, shards and finalists, the sampler.
    seed : int
        The experiment's seed.
    start : sequence of dict
        Points of the first trials, clipped to the space: the configured settings, if they set
        every parameter, so that the search tries them too; then an earlier search's finalists.
    epochs : int, optional
        Maximum number of epochs of a trial; None for a model without epochs, which is
        deterministic too.
    """

    model: str
    space: Mapping[str, Dimension]
    settings: SearchSettings
    seed: int
    start: Sequence[Params] = ()
    epochs: int | None = None

    @classmethod
    def of_model(
        cls,
        model: str,
        entry: Entry,
        settings: SearchSettings,
        seed: int,
        earlier_finalists: Sequence[Params] = (),
    ) -> "SearchPlan":
        """Plan for a model of the configuration.

        Parameters
        ----------
        model : str
        entry : Entry
            Its configured settings and search space.
        settings : SearchSettings
        seed : int
        earlier_finalists : sequence of dict
            Good points of an earlier search. A missing parameter has its configured value; one that
            is not searched here is ignored.
        """
        space = search_space(entry)
        points = [_moved_into(space, entry, found) for found in ({}, *earlier_finalists)]
        start = [point for point in points if point is not None]
        epochs = entry.training.epochs if isinstance(entry, TrainedEntry) else None
        return cls(model, space, settings, seed, start, epochs)

    @property
    def rungs(self) -> tuple[int, ...]:
        """Epochs after which trials are judged, ascending; none without epochs or halving.

        ``epochs`` divided repeatedly by the reduction factor and rounded up, at least `FIRST_RUNG`.
        """
        factor = self.settings.reduction_factor
        if self.epochs is None or factor is None:
            return ()
        found: list[int] = []
        rung = math.ceil(self.epochs / factor)
        while FIRST_RUNG <= rung < self.epochs and rung not in found:
            found.append(rung)
            rung = math.ceil(rung / factor)
        return tuple(reversed(found))

    def numbers(self, generation: int) -> range:
        """Numbers of a generation's trials, empty after the last; both count from 0."""
        per_generation, trials = self.settings.trials_per_generation, self.settings.trials
        start = min(generation * per_generation, trials)
        return range(start, min(start + per_generation, trials))

    def generation(self, number: int) -> int:
        """Generation of a trial."""
        return number // self.settings.trials_per_generation


def score_name(entry: Entry, evaluation: EvaluationSettings) -> str:
    """Name of the score that a model's search minimises."""
    if entry.predicts_ratings:
        return "validation RMSE"
    return f"1 - validation NDCG@{evaluation.k}, full protocol"


def _moved_into(space: Mapping[str, Dimension], entry: Entry, found: Params) -> Params | None:
    """Point clipped to the space; None if a parameter has no value."""
    settings = entry.searched_settings
    values = {name: found.get(name, getattr(settings, name)) for name in space}
    if any(value is None for value in values.values()):
        return None
    moved = {
        name: min(max(values[name], dimension.low), dimension.high)
        for name, dimension in space.items()
    }
    return {name: round(at) if space[name].whole else at for name, at in moved.items()}
