"""The objective of a search: the score of a fitted model on the validation part."""

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike, read_json, read_sparse
from blendmf.common.random_streams import sample
from blendmf.config.models import Entry, TrainedEntry
from blendmf.config.protocol import EvaluationSettings
from blendmf.evaluation.metrics import ranking_metrics
from blendmf.evaluation.ranked_lists import rank_users
from blendmf.evaluation.rating_metrics import rmse
from blendmf.models.model import Model
from blendmf.models.observations import Observations
from blendmf.search.space import Params
from blendmf.search.trials import TrialOutcome
from blendmf.training.fit import fit_model
from blendmf.training.loop import GoesOn

Score = Callable[[Model], float]
Objective = Callable[[Params, tuple[str | int, ...], GoesOn], TrialOutcome]
"""Fits a model with given parameters, a random-stream name and a stopping rule; returns its score.

The `GoesOn` callback can stop training early.
"""


def validation_objective(
    entry: Entry,
    train: Observations,
    validation: Observations,
    content: sp.csr_array | None,
    *,
    rating_range: tuple[float, float],
    evaluation: EvaluationSettings,
    seed: int,
    threads: int = 1,
    ranks: Sequence[int] = (),
    user_features: sp.csr_array | None = None,
) -> Objective:
    """Function that fits a model with a trial's parameters and scores it on validation.

    The score is the RMSE of the best epoch for a model trained by epochs, the RMSE of the fit for
    any other model that predicts ratings, and `ranking_score` for one that only ranks. It is NaN if
    training diverged, if every step would overshoot zero, or without validation ratings.

    Parameters
    ----------
    entry, train, validation, content, rating_range, threads, ranks, user_features
        As in `fit_model`.
    evaluation : EvaluationSettings
        With a threshold; used for models that only rank.
    seed : int
        The experiment's seed.
    """
    score: Score = (
        partial(rmse, part=validation)
        if entry.predicts_ratings
        else ranking_score(train, validation, evaluation, seed)
    )

    def objective(params: Params, name: tuple[str | int, ...], goes_on: GoesOn) -> TrialOutcome:
        tuned = entry.with_params(params)
        if _overshoots(tuned):
            return TrialOutcome(math.nan, 0, 0)
        fit = fit_model(
            tuned,
            train,
            validation,
            content,
            rating_range=rating_range,
            seed=seed,
            name=name,
            threads=threads,
            ranks=ranks,
            goes_on=goes_on,
            user_features=user_features,
        )
        if fit.diverged or not len(validation):
            value = math.nan
        else:
            value = fit.validation_rmse if entry.is_trained else score(fit.model)
        return TrialOutcome(value, fit.epochs, fit.best_epoch)

    return objective


def objective_of_files(
    train: PathLike,
    validation: PathLike,
    source: PathLike,
    content: PathLike | None,
    times: PathLike | None,
    user_features: PathLike | None,
    *,
    entry: Entry,
    evaluation: EvaluationSettings,
    seed: int,
    threads: int,
    ranks: Sequence[int] = (),
) -> Objective:
    """`validation_objective` from files: matrices, facts of the data, TF-IDF, times, features."""
    facts = read_json(source)
    low, high = facts["rating_range"]
    return validation_objective(
        entry,
        Observations.of_file(train, times),
        Observations.of_file(validation, times),
        read_sparse(content) if content else None,
        rating_range=(low, high),
        evaluation=evaluation.for_data(facts),
        seed=seed,
        threads=threads,
        ranks=ranks,
        user_features=read_sparse(user_features) if user_features else None,
    )


def _overshoots(entry: Entry) -> bool:
    """Whether every training step would overshoot zero; logs the reason."""
    if isinstance(entry, TrainedEntry):
        try:
            entry.training.refuse_overshooting_steps()
        except UserError as error:
            print(error)
            return True
    return False


def ranking_score(
    train: Observations, validation: Observations, evaluation: EvaluationSettings, seed: int
) -> Score:
    """Function that returns 1 - NDCG@k of a model's ranked lists of all unrated items.

    The mean is over the users with validation ratings, or a sample of ``evaluation.full_users``.
    """
    assert evaluation.relevance_threshold is not None
    known, threshold = train.to_matrix(), evaluation.relevance_threshold
    users = sample(np.unique(validation.users), evaluation.full_users, seed, "full_users")

    def score(model: Model) -> float:
        rankings = rank_users(
            model,
            (known,),
            validation,
            evaluation.k,
            threshold,
            full_users=users,
        )
        return 1.0 - float(ranking_metrics(rankings.full)["ndcg_at_k"].mean())

    return score
