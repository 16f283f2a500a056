"""The kinds of model: which settings each has, and what it takes to fit and score one."""

from collections.abc import Mapping
from typing import Any

STOCHASTIC_KINDS = ("random", "content", "mf", "mf-content")
TRAINED_KINDS = ("content", "mf", "mf-content")
CONTENT_KINDS = ("content", "mf-content")
RANKING_KINDS = ("popularity", "pure-svd")
"""Kinds that order items and predict no ratings."""

KIND_DEFAULTS: dict[str, dict[str, Any]] = {
    "bias": {"user_shrinkage": 15, "item_shrinkage": 10},
    "svd": {"rank": None, "user_shrinkage": 15, "item_shrinkage": 10},
    "pure-svd": {"rank": 20},
    "item-neighbours": {
        "neighbours": 200,
        "similarity_shrinkage": 100,
        "neighbour_shrinkage": 30,
        "amplification": 2,
        "user_shrinkage": 15,
        "item_shrinkage": 10,
    },
}
"""Settings that an entry of a kind has itself, and their defaults; a search may choose each."""

TRAINING_PARAMETERS = (
    "latent_dim",
    "learning_rate",
    "learning_rate_decay",
    "regularization",
    "bias_regularization",
    "user_content_regularization",
    "content_factors_regularization",
    "init_deviation",
    "batch_size",
)
"""Keys of `training` that a search may choose, for a kind that is trained by epochs."""

WHOLE_NUMBERS = frozenset({"batch_size", "latent_dim", "neighbours", "rank"})
"""Settings that count something and are searched over the integers."""


def is_searched(entry: Mapping[str, Any]) -> bool:
    """Whether the search chooses the model's settings."""
    return bool(entry.get("search", False))


def is_trained(entry: Mapping[str, Any]) -> bool:
    """Whether the model is trained by epochs."""
    return entry["kind"] in TRAINED_KINDS


def uses_content(entry: Mapping[str, Any]) -> bool:
    """Whether the model reads what is known of the items."""
    return entry["kind"] in CONTENT_KINDS


def uses_places(entry: Mapping[str, Any], training: Mapping[str, Any]) -> bool:
    """Whether the model reads in which order users rated.

    Parameters
    ----------
    entry : mapping
        The model's entry in the configuration.
    training : mapping
        The configuration's `training` block; the entry's own `training` keys come first.
    """
    own = {**training, **entry.get("training", {})}
    return is_trained(entry) and bool(own["drift"])


def takes_out_drift(entry: Mapping[str, Any], training: Mapping[str, Any]) -> bool:
    """Whether what users' ratings drift by is taken out before the model learns from them.

    Parameters
    ----------
    entry, training : mapping
        As `uses_places` has them.
    """
    own = {**training, **entry.get("training", {})}
    return uses_places(entry, training) and own["optimiser"] != "bayes"


def only_ranks(entry: Mapping[str, Any]) -> bool:
    """Whether the model orders items without predicting ratings."""
    return entry["kind"] in RANKING_KINDS


def parameters_of(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Settings of the model that a search may choose."""
    return TRAINING_PARAMETERS if is_trained(entry) else tuple(KIND_DEFAULTS.get(entry["kind"], ()))


def seeds_of(entry: Mapping[str, Any], seeds: int) -> list[int]:
    """Numbers of a model's fits: 1 to `seeds` if chance has a part in it, else 1 alone."""
    return list(range(1, seeds + 1)) if entry["kind"] in STOCHASTIC_KINDS else [1]
