"""What a trial is judged by: how well the model that it fits does on the validation part."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp

from blendmf.data.observations import Observations
from blendmf.evaluation.protocols import rank_users
from blendmf.evaluation.ranking import ranking_metrics
from blendmf.evaluation.rating import rmse
from blendmf.kinds import is_trained, only_ranks
from blendmf.models.model import Model
from blendmf.search.space import Params
from blendmf.search.trials import TrialOutcome
from blendmf.streams import sample
from blendmf.training.fit import fit_model
from blendmf.training.settings import with_params

Score = Callable[[Model], float]
Objective = Callable[[Params], TrialOutcome]


def validation_objective(
    entry: Mapping[str, Any],
    training: Mapping[str, Any],
    train: Observations,
    validation: Observations,
    content: sp.csr_array | None,
    *,
    rating_range: tuple[float, float],
    evaluation: Mapping[str, Any],
    seed: int,
    model: str,
    threads: int = 1,
) -> Objective:
    """Function that fits a model with the parameters of a trial and scores it on validation.

    A kind that is trained by epochs has the RMSE of its best epoch, another one that predicts
    ratings the RMSE of its only fit, and one that only ranks `ranking_score`. The score is not a
    number where training diverged or nothing is there to validate on.

    Parameters
    ----------
    entry, training, train, validation, content, rating_range, threads
        As `fit_model` has them.
    evaluation : mapping
        The configuration's block of this name, needed by a kind that only ranks.
    seed : int
        The experiment's; every trial starts from the same random numbers.
    model : str
        Name of the model, which names its random stream too.
    """
    if only_ranks(entry):
        score = ranking_score(train, validation, evaluation, seed)
    else:
        score = partial(rmse, part=validation)

    def objective(params: Params) -> TrialOutcome:
        fit = fit_model(
            with_params(entry, params),
            training,
            train,
            validation,
            content,
            rating_range=rating_range,
            seed=seed,
            name=("search", model),
            threads=threads,
        )
        if fit.diverged or not len(validation):
            value = math.nan
        else:
            value = fit.validation_rmse if is_trained(entry) else score(fit.model)
        return TrialOutcome(value, fit.epochs, fit.best_epoch)

    return objective


def ranking_score(
    train: Observations, validation: Observations, evaluation: Mapping[str, Any], seed: int
) -> Score:
    """Function that gives 1 - NDCG@k of a model's lists of the whole catalogue without training.

    Parameters
    ----------
    train, validation : Observations
    evaluation : mapping
        ``k``, ``relevance_threshold`` and ``full_users`` as `blendmf.evaluation.evaluate.evaluate`
        has them; the mean is over the users with validation ratings, or so many of them.
    seed : int
        The experiment's.
    """
    seen = train.to_matrix()
    users = sample(np.unique(validation.users), evaluation["full_users"], seed, "full_users")

    def score(model: Model) -> float:
        rankings = rank_users(
            model,
            (seen,),
            validation,
            evaluation["k"],
            evaluation["relevance_threshold"],
            full_users=users,
        )
        return 1.0 - float(ranking_metrics(rankings.full)["ndcg_at_k"].mean())

    return score
