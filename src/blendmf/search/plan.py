"""The plan of a search: what of which model is searched, how often and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blendmf.config.model_kinds import is_trained, only_ranks
from blendmf.search.rungs import rungs
from blendmf.search.space import Dimension, Params, search_space
from blendmf.training.settings import TrainingSettings


@dataclass(frozen=True)
class SearchPlan:
    """Search of one model's settings by generations, each dealt to shards.

    Attributes
    ----------
    model : str
        Name of the model; it names the random streams too.
    space : mapping of str to Dimension
    trials, trials_per_generation : int
        Budget in all and of each generation; the last generation may be smaller.
    shards : int
        Jobs that a generation's trials are dealt to; the outcome does not depend on it.
    sampler : {"tpe", "random", "qmc"}
    seed : int
        The experiment's seed.
    start : sequence of dict
        The first trials: the settings as configured, unless they leave a parameter open, moved
        into the space where they lie outside, so that a search never ends worse than what it was
        given; then the finalists of an earlier search.
    epochs : int, optional
        Most epochs of a trial; None for a kind that is not trained by epochs, nor by chance.
    reduction_factor : int, optional
        Of the successive halving; None trains every trial to its end.
    finalists, finalist_seeds : int
        How many of the best trials are fitted again, and how often, before one is chosen.
    """

    model: str
    space: Mapping[str, Dimension]
    trials: int
    trials_per_generation: int
    shards: int
    sampler: str
    seed: int
    start: Sequence[Params] = ()
    epochs: int | None = None
    reduction_factor: int | None = None
    finalists: int = 1
    finalist_seeds: int = 1

    @classmethod
    def of_model(
        cls,
        model: str,
        entry: Mapping[str, Any],
        training: Mapping[str, Any],
        search: Mapping[str, Any],
        seed: int,
        earlier_finalists: Sequence[Params] = (),
    ) -> "SearchPlan":
        """Plan of one entry of the configuration's ``models``.

        Parameters
        ----------
        model : str
        entry : mapping
        training, search : mapping
            The configuration's blocks of these names.
        seed : int
        earlier_finalists : sequence of dict
            Points that an earlier search found good; what one of them leaves open is as
            configured, and what is not searched here is left out.
        """
        space = search_space(entry, search["space"])
        configured = {**training, **entry.get("training", {})} if is_trained(entry) else entry
        points = [_moved_into(space, {**configured, **found}) for found in ({}, *earlier_finalists)]
        return cls(
            model,
            space,
            search["trials"],
            search["trials_per_generation"],
            search["shards"],
            search["sampler"],
            seed,
            [point for point in points if point is not None],
            configured.get("epochs", TrainingSettings.epochs) if is_trained(entry) else None,
            search["reduction_factor"],
            search["finalists"],
            search["finalist_seeds"],
        )

    @property
    def rungs(self) -> tuple[int, ...]:
        """Epochs at which trials are judged; none for a kind that is not trained by epochs."""
        return rungs(self.epochs, self.reduction_factor)

    def numbers(self, generation: int) -> range:
        """Numbers of a generation's trials (generations and trials count from 0)."""
        start = generation * self.trials_per_generation
        return range(start, min(start + self.trials_per_generation, self.trials))

    def generation(self, number: int) -> int:
        """Which generation a trial belongs to."""
        return number // self.trials_per_generation


def score_name(entry: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    """What a search of the model minimises.

    Parameters
    ----------
    entry : mapping
        The model's entry in the configuration.
    evaluation : mapping
        The configuration's block of this name; a model that predicts ratings reads none of it.
    """
    if only_ranks(entry):
        return f"1 - validation NDCG@{evaluation['k']}, full protocol"
    return "validation RMSE"


def _moved_into(space: Mapping[str, Dimension], values: Mapping[str, Any]) -> Params | None:
    """A point of the space, None where `values` leave a parameter open."""
    if any(values.get(name) is None for name in space):
        return None
    moved = {
        name: min(max(values[name], dimension.low), dimension.high)
        for name, dimension in space.items()
    }
    return {name: round(at) if space[name].whole else at for name, at in moved.items()}
