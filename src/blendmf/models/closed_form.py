"""Models that are fitted at once, without epochs, from their entries in the configuration."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream, stream_seed
from blendmf.config.model_kinds import KIND_DEFAULTS
from blendmf.models.baselines import PopularityModel, RandomModel, fit_bias, fit_global_mean
from blendmf.models.factor_model import FactorModel
from blendmf.models.item_neighbours import fit_item_neighbours
from blendmf.models.model import Model
from blendmf.models.observations import Observations
from blendmf.models.pure_svd import fit_pure_svd
from blendmf.models.svd import best_rank, fit_svd, truncated


def fit_closed_form(
    entry: Mapping[str, Any],
    train: Observations,
    validation: Observations,
    *,
    rating_range: tuple[float, float],
    seed: int,
    name: tuple[str | int, ...],
) -> Model:
    """Fit a model of a kind that is not trained by epochs.

    Parameters
    ----------
    entry : mapping
        The kind, its settings, and for an SVD without a `rank` the `ranks` to choose from.
    train, validation : Observations
        Validation decides which rank an SVD has, and nothing else.
    rating_range : (float, float)
    seed : int
        The experiment's seed.
    name : tuple
        Name of the random stream that this fit draws from.
    """
    kind = entry["kind"]
    defaults = KIND_DEFAULTS.get(kind, {})
    settings = {key: entry.get(key, default) for key, default in defaults.items()}
    match kind:
        case "global-mean":
            return fit_global_mean(train, rating_range)
        case "popularity":
            return PopularityModel.fit(train)
        case "random":
            return RandomModel.fit(train, rating_range, stream_seed(seed, *name))
        case "bias":
            return fit_bias(train, rating_range, **settings)
        case "item-neighbours":
            return fit_item_neighbours(train, rating_range, **settings)
        case "svd":
            ranks = () if settings["rank"] else entry["ranks"]
            return _fit_svd(settings, ranks, train, validation, rating_range, stream(seed, *name))
        case "pure-svd":
            return fit_pure_svd(train, rating_range, settings["rank"], stream(seed, *name))
    raise UserError(f"unknown kind of model: {kind}")


def _fit_svd(
    settings: Mapping[str, Any],
    ranks: Sequence[int],
    train: Observations,
    validation: Observations,
    rating_range: tuple[float, float],
    random: np.random.Generator,
) -> FactorModel:
    """Truncated SVD of the rank that the settings name, or of the best of `ranks` on validation."""
    if settings["rank"] is not None:
        return fit_svd(train, rating_range, random=random, **settings)
    largest = fit_svd(train, rating_range, random=random, **{**settings, "rank": max(ranks)})
    return truncated(largest, best_rank(largest, validation, ranks))
