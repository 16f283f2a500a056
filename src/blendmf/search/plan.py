"""The plan of a search: what of which model is searched, how often and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blendmf.kinds import is_trained, only_ranks
from blendmf.search.space import Dimension, Params, search_space


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
    sampler : {"tpe", "random"}
    seed : int
        The experiment's seed.
    start : dict, optional
        The first trial: the settings as configured, moved into the space where they lie outside,
        so that a search never ends worse than what it was given. None draws it like the others.
    """

    model: str
    space: Mapping[str, Dimension]
    trials: int
    trials_per_generation: int
    shards: int
    sampler: str
    seed: int
    start: Params | None = None

    @classmethod
    def of_model(
        cls,
        model: str,
        entry: Mapping[str, Any],
        training: Mapping[str, Any],
        search: Mapping[str, Any],
        seed: int,
    ) -> "SearchPlan":
        """Plan of one entry of the configuration's ``models``.

        Parameters
        ----------
        model : str
        entry : mapping
        training, search : mapping
            The configuration's blocks of these names.
        seed : int
        """
        space = search_space(entry, search["space"])
        configured = {**training, **entry.get("training", {})} if is_trained(entry) else entry
        return cls(
            model,
            space,
            search["trials"],
            search["trials_per_generation"],
            search["shards"],
            search["sampler"],
            seed,
            _start(space, configured),
        )

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


def _start(space: Mapping[str, Dimension], configured: Mapping[str, Any]) -> Params | None:
    """The configured point of the space, None where it leaves a parameter open."""
    values = {name: configured.get(name) for name in space}
    if any(value is None for value in values.values()):
        return None
    return {
        name: min(max(value, space[name].low), space[name].high)
        for name, value in values.items()
        if value is not None
    }
