"""Models that are fitted directly, without epochs."""

from collections.abc import Sequence

import numpy as np

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream, stream_seed
from blendmf.config.models import (
    BiasEntry,
    Entry,
    GlobalMeanEntry,
    ItemNeighboursEntry,
    OwnEntry,
    PopularityEntry,
    PureSvdEntry,
    RandomEntry,
    SvdEntry,
)
from blendmf.models.baselines import PopularityModel, RandomModel, fit_bias, fit_global_mean
from blendmf.models.factor_model import FactorModel
from blendmf.models.item_neighbours import fit_item_neighbours
from blendmf.models.model import Model
from blendmf.models.observations import Observations
from blendmf.models.svd import best_rank, fit_pure_svd, fit_svd, truncated


def fit_closed_form(
    entry: Entry,
    train: Observations,
    validation: Observations,
    *,
    rating_range: tuple[float, float],
    seed: int,
    name: tuple[str | int, ...],
    ranks: Sequence[int] = (),
) -> Model:
    """Fit a model of a kind that is not trained by epochs.

    Parameters
    ----------
    entry : Entry
        The model's kind and settings.
    train, validation : Observations
        The validation part only selects the rank of an SVD without a configured `rank`.
    rating_range : (float, float)
        Lowest and highest possible rating.
    seed : int
        The experiment's seed.
    name : tuple
        Name of the random stream of this fit.
    ranks : sequence of int
        Candidate ranks of an SVD without a configured `rank`.
    """
    match entry:
        case GlobalMeanEntry():
            return fit_global_mean(train, rating_range)
        case PopularityEntry():
            return PopularityModel.fit(train)
        case RandomEntry():
            return RandomModel.fit(train, rating_range, stream_seed(seed, *name))
        case BiasEntry(user_shrinkage=of_users, item_shrinkage=of_items):
            return fit_bias(train, rating_range, of_users, of_items)
        case ItemNeighboursEntry():
            settings = {parameter: getattr(entry, parameter) for parameter in entry.parameters}
            return fit_item_neighbours(train, rating_range, **settings)
        case SvdEntry():
            return _fit_svd(entry, ranks, train, validation, rating_range, stream(seed, *name))
        case PureSvdEntry(rank=rank):
            return fit_pure_svd(train, rating_range, rank, stream(seed, *name))
        case OwnEntry():
            random = stream(seed, *name)
            return entry.fit(train, validation, rating_range=rating_range, random=random)
    raise UserError(f"models of kind {entry.kind} are trained by epochs")


def _fit_svd(
    entry: SvdEntry,
    ranks: Sequence[int],
    train: Observations,
    validation: Observations,
    rating_range: tuple[float, float],
    random: np.random.Generator,
) -> FactorModel:
    """Truncated SVD of the configured rank, or else of the best of `ranks` on validation."""
    shrinkage = (entry.user_shrinkage, entry.item_shrinkage)
    if entry.rank is not None:
        return fit_svd(train, rating_range, entry.rank, random, *shrinkage)
    possible = [rank for rank in ranks if rank < min(train.shape)] or [1]
    largest = fit_svd(train, rating_range, max(possible), random, *shrinkage)
    return truncated(largest, best_rank(largest, validation, possible))
