"""Entries of `models`: one class per kind of model, with the settings that the kind reads."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pkgutil import resolve_name
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, get_args

from pydantic import Field, TypeAdapter, WrapValidator

from blendmf.config.fields import SEARCHABLE, Number, Settings
from blendmf.config.search import Bounds, Space
from blendmf.config.training import TrainingSettings


class Entry(Settings):
    """Fields and properties of every kind; a kind without further fields has no settings."""

    predicts_ratings: ClassVar[bool] = True
    stochastic: ClassVar[bool] = False
    uses_content: ClassVar[bool] = False
    is_trained: ClassVar[bool] = False
    """Whether the model is trained by epochs."""

    kind: str

    @property
    def searched(self) -> bool:
        """Whether a search chooses the model's settings."""
        return bool(getattr(self, "search", False))

    @property
    def bounds(self) -> dict[str, "Bounds"]:
        """Bounds of the searched settings."""
        space: Mapping[str, Bounds | None] = getattr(self, "space", {})
        return {name: found for name, found in space.items() if found is not None}

    @property
    def uses_times(self) -> bool:
        """Whether the model reads when users gave their ratings."""
        training: TrainingSettings | None = getattr(self, "training", None)
        return training is not None and training.uses_times

    @property
    def uses_user_features(self) -> bool:
        """Whether the model reads what describes the users."""
        return bool(getattr(self, "user_features", False))

    @property
    def searched_settings(self) -> Settings:
        """Block with the searchable settings: `training` if there is one, otherwise the entry."""
        return getattr(self, "training", self)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the settings that a search may choose."""
        return self.searched_settings.searchable()

    def is_whole(self, parameter: str) -> bool:
        """Whether a searchable setting is a whole number."""
        settings = type(self.searched_settings)
        return settings.model_fields[parameter].annotation in (int, int | None)

    def with_params(self, params: Mapping[str, Any]) -> Self:
        """Copy with the given values of some searchable settings."""
        if not self.is_trained:
            return self.model_copy(update=dict(params))
        settings = self.searched_settings.model_copy(update=dict(params))
        return self.model_copy(update={"training": settings})

    def limited_to(self, counts: Mapping[str, int]) -> Self:
        """Copy whose rank and bounds of the rank fit the data: at most users and items minus 1.

        `counts` has the keys ``users`` and ``items_rated``, as in ``source.json``.
        """
        if "rank" not in self.parameters:
            return self
        largest = max(1, min(counts["users"], counts["items_rated"]) - 1)
        rank, space = getattr(self, "rank", None), dict(getattr(self, "space", {}))
        if self.searched and (bounds := space.get("rank")):
            ends = {"low": min(bounds.low, largest), "high": min(bounds.high, largest)}
            space["rank"] = bounds.model_copy(update=ends)
        changed = {"rank": None if rank is None else min(rank, largest), "space": space}
        return self.model_copy(update=changed)

    def seeds(self, seeds: int) -> list[int]:
        """Numbers of the model's fits: 1 to `seeds` for stochastic models, otherwise only 1."""
        return list(range(1, seeds + 1)) if self.stochastic else [1]


class RandomEntry(Entry):
    """Draws ratings from the distribution of the training ratings."""

    stochastic: ClassVar[bool] = True
    kind: Literal["random"]


class GlobalMeanEntry(Entry):
    """Predicts the mean training rating."""

    kind: Literal["global-mean"]


class PopularityEntry(Entry):
    """Ranks items by their number of training ratings; predicts no ratings."""

    predicts_ratings: ClassVar[bool] = False
    kind: Literal["popularity"]


class SearchedEntry(Entry):
    """A kind whose settings a search may choose."""

    search: bool = Field(default=False, description="Whether a search chooses the settings.")
    space: Space = Field(
        default={},
        description="Bounds of the searched settings. For models trained by epochs they add to, or "
        "replace, those of search.space; null takes a parameter out.",
    )


class PureSvdEntry(SearchedEntry):
    """Truncated SVD of the ratings with 0 where unrated; ranks, predicts no ratings."""

    predicts_ratings: ClassVar[bool] = False
    kind: Literal["pure-svd"]
    rank: int = Field(default=20, ge=1, description="Rank.", json_schema_extra=SEARCHABLE)


class ShrunkenBiases(SearchedEntry):
    """A kind that subtracts shrunken user and item biases from the ratings."""

    user_shrinkage: Number = Field(
        default=15,
        ge=0,
        description="Pseudo-count of ratings at the mean, of each user.",
        json_schema_extra=SEARCHABLE,
    )
    item_shrinkage: Number = Field(
        default=10,
        ge=0,
        description="Pseudo-count of ratings at the mean, of each item.",
        json_schema_extra=SEARCHABLE,
    )


class BiasEntry(ShrunkenBiases):
    """Mean plus shrunken user and item biases."""

    kind: Literal["bias"]


class SvdEntry(ShrunkenBiases):
    """Truncated SVD of the bias-centred ratings."""

    kind: Literal["svd"]
    rank: int | None = Field(
        default=None,
        ge=1,
        description="Rank. null: the rank of svd.ranks with the lowest validation error.",
        json_schema_extra=SEARCHABLE,
    )


class ItemNeighboursEntry(ShrunkenBiases):
    """Item-based neighbourhood model on bias-centred ratings."""

    kind: Literal["item-neighbours"]
    neighbours: int = Field(
        default=200,
        ge=1,
        description="Number of most similar items that a prediction uses.",
        json_schema_extra=SEARCHABLE,
    )
    similarity_shrinkage: Number = Field(
        default=100,
        ge=0,
        description="Pseudo-count of users who rated both items without agreeing.",
        json_schema_extra=SEARCHABLE,
    )
    neighbour_shrinkage: Number = Field(
        default=30,
        ge=0,
        description="Pseudo-count of neighbours without information.",
        json_schema_extra=SEARCHABLE,
    )
    amplification: Number = Field(
        default=2,
        ge=0,
        description="Power of the similarity that weights a neighbour.",
        json_schema_extra=SEARCHABLE,
    )


class TrainedEntry(SearchedEntry):
    """A kind that is trained by epochs."""

    stochastic: ClassVar[bool] = True
    is_trained: ClassVar[bool] = True
    training: TrainingSettings = Field(
        default=TrainingSettings(), description="Settings that differ from the `training` block."
    )


class FactorsEntry(TrainedEntry):
    """A kind whose users and items have factors of their own."""

    user_features: bool = Field(
        default=False,
        description="Whether what describes the users informs their factors (optimiser: bayes).",
    )


class MfEntry(FactorsEntry):
    """Matrix factorisation."""

    kind: Literal["mf"]


class ContentEntry(TrainedEntry):
    """Items described by their words alone."""

    uses_content: ClassVar[bool] = True
    kind: Literal["content"]


class MfContentEntry(FactorsEntry):
    """Matrix factorisation blended with the words of the items."""

    uses_content: ClassVar[bool] = True
    kind: Literal["mf-content"]
    blend: Literal["user", "item", "both"] = Field(
        description="user: each user weights the words (w_u . C_i). item: words map to item "
        "factors that all users share (C_i V), which also scores unrated items. both: both terms."
    )


class OwnEntry(SearchedEntry):
    """A kind in a file of its own, named in `OWN_KINDS`; see CONTRIBUTING.md.

    Attributes
    ----------
    model : type
        Class of its models (`blendmf.models.model.Model`), with `save` and a class method `load`.
    """

    model: ClassVar[type[Any]]

    @abstractmethod
    def fit(
        self, train: Any, validation: Any, *, rating_range: tuple[float, float], random: Any
    ) -> Any:
        """Model fitted to `train`, of type `Observations`; draws come from `random`."""


OWN_KINDS: tuple[str, ...] = ()
"""Subclasses of `OwnEntry`, as ``module:Class``, such as ``blendmf.models.median:MedianEntry``.

Names and not imports, since their files build on this one.
"""


@cache
def own_kinds() -> dict[str, type[OwnEntry]]:
    """Classes of `OWN_KINDS` by their kind."""
    classes = [resolve_name(name) for name in OWN_KINDS]
    return {get_args(found.model_fields["kind"].annotation)[0]: found for found in classes}


def _of_own_kind(values: Any, validate: Callable[[Any], Entry]) -> Entry:
    """Entry of an own kind, or of one of this file."""
    kind = values.get("kind") if isinstance(values, Mapping) else None
    own = own_kinds().get(kind) if isinstance(kind, str) else None
    return validate(values) if own is None else own.model_validate(values)


ModelEntry = Annotated[
    RandomEntry
    | GlobalMeanEntry
    | PopularityEntry
    | BiasEntry
    | ItemNeighboursEntry
    | SvdEntry
    | PureSvdEntry
    | ContentEntry
    | MfEntry
    | MfContentEntry,
    Field(discriminator="kind"),
    WrapValidator(_of_own_kind),
]
"""An entry of `models`, of the class that its kind names."""

Found = TypeVar("Found", bound=Entry)


def model_entry(values: Mapping[str, Any]) -> Any:
    """Entry of the class that `values["kind"]` names.

    Raises
    ------
    pydantic.ValidationError
        If the kind is unknown or does not read one of the keys.
    """
    return _adapter().validate_python(dict(values))


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(ModelEntry)


def tuned(entry: Found, best: Sequence[Mapping[str, Any]]) -> Found:
    """Entry with the settings that its search chose.

    Parameters
    ----------
    entry : Entry
    best : sequence of mapping
        The search's ``best.json``; empty if the model is not searched.
    """
    params = {name: value for outcome in best for name, value in outcome["params"].items()}
    return entry.with_params(params)
