"""Fitting any model of the comparison from its entry in the configuration."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from blendmf.data.observations import Observations
from blendmf.errors import UserError
from blendmf.models.baselines import PopularityModel, RandomModel, fit_bias, fit_global_mean
from blendmf.models.factor_model import FactorModel
from blendmf.models.model import Model
from blendmf.models.svd import best_rank, fit_svd, truncated
from blendmf.streams import stream, stream_seed
from blendmf.training.engines import EngineFacts, make_engine
from blendmf.training.loop import Epoch, Training, train_epochs
from blendmf.training.parameters import Parameters, Terms
from blendmf.training.settings import TrainingSettings

TRAINED_KINDS = ("mf", "mf-content", "content")


@dataclass(frozen=True)
class Fit:
    """A fitted model and how it came about.

    Attributes
    ----------
    model : Model
    history : sequence of Epoch
        Empty for a kind that is not trained by epochs.
    best_epoch, epochs : int
        The epoch whose parameters the model has, and how many were run.
    validation_rmse : float
        Of the best epoch; NaN for a kind that is not trained by epochs, infinite if no epoch
        gave finite numbers.
    diverged : bool
    engine : EngineFacts
        What did the work.
    seconds : float
        Time of the fit itself, without reading, writing and compiling.
    """

    model: Model
    history: Sequence[Epoch]
    best_epoch: int
    epochs: int
    validation_rmse: float
    diverged: bool
    engine: EngineFacts
    seconds: float


def fit_model(
    entry: Mapping[str, Any],
    training: Mapping[str, Any],
    train: Observations,
    validation: Observations,
    content: sp.csr_array | None,
    *,
    rating_range: tuple[float, float],
    seed: int,
    name: tuple[str | int, ...],
    threads: int = 1,
) -> Fit:
    """Fit one model.

    Parameters
    ----------
    entry : mapping
        The model's entry in the configuration: its kind and what the kind needs; for an SVD
        without a `rank` also the `ranks` to choose from.
    training : mapping
        The configuration's `training` block; the entry's own `training` keys come first.
    train, validation : Observations
        Validation decides when training stops and which rank an SVD has, and nothing else.
    content : csr_array of shape (n_items, n_terms), optional
        Needed by kinds with a content term.
    rating_range : (float, float)
    seed : int
        The experiment's seed.
    name : tuple
        Name of the random stream that this fit draws from.
    threads : int
        Threads that may train; the outcome does not hang on it.
    """
    start = time.perf_counter()
    if entry["kind"] not in TRAINED_KINDS:
        model = _fit_closed_form(entry, train, validation, rating_range, seed, name)
        seconds = time.perf_counter() - start
        return Fit(model, (), 0, 0, np.nan, False, EngineFacts(), seconds)
    terms = Terms.of_kind(entry["kind"], entry.get("blend"))
    settings = TrainingSettings.of_model(entry, training)
    if content is None:
        if terms.use_content:
            raise ValueError(f"kind {entry['kind']} needs a content matrix")
        content = sp.csr_array((train.shape[1], 0), dtype=np.float32)
    random = stream(seed, *name)
    parameters = Parameters.initial(terms, train, content.shape[1], settings, random)
    engine, facts = make_engine(parameters, train, content, settings, rating_range, random, threads)
    print(f"training by {facts.name}, {facts.threads} threads: {facts.reason}")
    start = time.perf_counter()
    trained: Training = train_epochs(engine, train, validation, settings)
    seconds = time.perf_counter() - start
    return Fit(
        trained.parameters.to_model(train.shape, rating_range, content),
        trained.history,
        trained.best_epoch,
        len(trained.history),
        trained.validation_rmse,
        trained.diverged,
        facts,
        seconds,
    )


def _fit_closed_form(
    entry: Mapping[str, Any],
    train: Observations,
    validation: Observations,
    rating_range: tuple[float, float],
    seed: int,
    name: tuple[str | int, ...],
) -> Model:
    match entry["kind"]:
        case "global-mean":
            return fit_global_mean(train, rating_range)
        case "popularity":
            return PopularityModel.fit(train)
        case "random":
            return RandomModel.fit(train, rating_range, stream_seed(seed, *name))
        case "bias":
            shrinkage = {key: entry[key] for key in ("user_shrinkage", "item_shrinkage")}
            return fit_bias(train, rating_range, **shrinkage)
        case "svd":
            return _fit_svd(entry, train, validation, rating_range, stream(seed, *name))
    raise UserError(f"unknown kind of model: {entry['kind']}")


def _fit_svd(
    entry: Mapping[str, Any],
    train: Observations,
    validation: Observations,
    rating_range: tuple[float, float],
    random: np.random.Generator,
) -> FactorModel:
    """Truncated SVD of the entry's rank, or of the one of its `ranks` that validation prefers."""
    if entry["rank"] is not None:
        return fit_svd(train, rating_range, entry["rank"], random)
    largest = fit_svd(train, rating_range, max(entry["ranks"]), random)
    return truncated(largest, best_rank(largest, validation, entry["ranks"]))
