"""What a trial is judged by: how well the model that it fits does on the validation part."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike, read_json, read_sparse
from blendmf.common.random_streams import sample
from blendmf.config.model_kinds import is_trained, only_ranks
from blendmf.evaluation.ranked_lists import rank_users
from blendmf.evaluation.ranking_metrics import ranking_metrics
from blendmf.evaluation.rating_metrics import rmse
from blendmf.models.model import Model
from blendmf.models.observations import Observations
from blendmf.search.space import Params
from blendmf.search.trials import TrialOutcome
from blendmf.training.fit import fit_model
from blendmf.training.loop import GoesOn
from blendmf.training.settings import TrainingSettings, with_params

Score = Callable[[Model], float]
Objective = Callable[[Params, tuple[str | int, ...], GoesOn], TrialOutcome]
"""Fits with parameters, from the random stream of a name, as long as it may go on; its score."""


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
    threads: int = 1,
) -> Objective:
    """Function that fits a model with the parameters of a trial and scores it on validation.

    A kind that is trained by epochs has the RMSE of its best epoch, another one that predicts
    ratings the RMSE of its only fit, and one that only ranks `ranking_score`. The score is not a
    number where training diverged or each of its steps would overshoot zero, and where nothing is
    there to validate on.

    Parameters
    ----------
    entry, training, train, validation, content, rating_range, threads
        As `fit_model` has them.
    evaluation : mapping
        The configuration's block of this name, needed by a kind that only ranks.
    seed : int
        The experiment's.
    """
    if only_ranks(entry):
        score = ranking_score(train, validation, evaluation, seed)
    else:
        score = partial(rmse, part=validation)

    def objective(params: Params, name: tuple[str | int, ...], goes_on: GoesOn) -> TrialOutcome:
        tuned = with_params(entry, params)
        if is_trained(entry) and not _can_begin(tuned, training):
            return TrialOutcome(math.nan, 0, 0)
        fit = fit_model(
            tuned,
            training,
            train,
            validation,
            content,
            rating_range=rating_range,
            seed=seed,
            name=name,
            threads=threads,
            goes_on=goes_on,
        )
        if fit.diverged or not len(validation):
            value = math.nan
        else:
            value = fit.validation_rmse if is_trained(entry) else score(fit.model)
        return TrialOutcome(value, fit.epochs, fit.best_epoch)

    return objective


def objective_of_files(
    train: PathLike,
    validation: PathLike,
    source: PathLike,
    content: PathLike | None,
    places: Sequence[PathLike],
    *,
    entry: Mapping[str, Any],
    training: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    seed: int,
    threads: int,
) -> Objective:
    """`validation_objective` of a split's matrices, TF-IDF rows and the data's facts on disk.

    `places` are the files of both parts' places, or none.
    """
    parts = Observations.of_files(train, validation, places)
    low, high = read_json(source)["rating_range"]
    return validation_objective(
        entry,
        training,
        *parts,
        read_sparse(content) if content else None,
        rating_range=(low, high),
        evaluation=evaluation,
        seed=seed,
        threads=threads,
    )


def _can_begin(entry: Mapping[str, Any], training: Mapping[str, Any]) -> bool:
    try:
        TrainingSettings.of_model(entry, training)
    except UserError as error:
        print(error)
        return False
    return True


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
