"""The fit that people use: on all ratings, with what the evaluated fit of the model learned."""

import numpy as np
import scipy.sparse as sp

from blendmf.config.models import Entry, SvdEntry, TrainedEntry
from blendmf.models.bayesian_factor_model import BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.model import Model
from blendmf.models.observations import Observations
from blendmf.training.bayes.chosen import Chosen
from blendmf.training.fit import fit_model
from blendmf.training.fitted import Fit


def fit_on_all(
    entry: Entry,
    ratings: Observations,
    content: sp.csr_array | None,
    evaluated: Model,
    best_epoch: int,
    *,
    rating_range: tuple[float, float],
    seed: int,
    name: tuple[str | int, ...],
    threads: int = 1,
    user_features: sp.csr_array | None = None,
) -> Fit:
    """Fit a model on all ratings, without a validation part.

    What the validation part chose for the evaluated fit is kept: the number of epochs, the rank of
    an SVD, and of a Bayesian model the widths of prediction intervals and the offsets of users and
    items without ratings.

    Parameters
    ----------
    entry : Entry
        The model's kind and settings, with those that its search chose.
    ratings : Observations
        All ratings.
    content : csr_array of shape (n_items, n_terms), optional
        Needed by kinds with a content term.
    evaluated : Model
        The model as it was evaluated, fitted on the training part.
    best_epoch : int
        Its best epoch; 0 for a kind that is not trained by epochs.
    rating_range : (float, float)
    seed : int
        The experiment's seed.
    name : tuple
        Name of the random stream of this fit.
    threads : int
        Number of training threads; does not affect the result.
    user_features : csr_array of shape (n_users, n_features), optional
        Features of the users, for the optimiser ``bayes``.
    """
    chosen = None
    if isinstance(evaluated, BayesianFactorModel):
        chosen = Chosen.by(evaluated, keeps_position=False)
    nothing = ratings.where(np.zeros(len(ratings), dtype=bool))
    return fit_model(
        _as_chosen(entry, evaluated, best_epoch),
        ratings,
        nothing,
        content,
        rating_range=rating_range,
        seed=seed,
        name=name,
        threads=threads,
        user_features=user_features,
        chosen=chosen,
    )


def _as_chosen(entry: Entry, evaluated: Model, best_epoch: int) -> Entry:
    """The entry with the epochs or the rank that validation chose; a sampler runs all sweeps."""
    if isinstance(entry, SvdEntry) and isinstance(evaluated, FactorModel):
        assert evaluated.user_factors is not None
        return entry.with_params({"rank": evaluated.user_factors.shape[1]})
    if isinstance(entry, TrainedEntry) and entry.training.optimiser != "bayes":
        return entry.with_params({"epochs": max(best_epoch, 1)})
    return entry
