"""Split, evaluate and compare, as the rules of the same names do."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from blendmf.common.errors import UserError
from blendmf.config.explain import validated
from blendmf.config.fields import SEED
from blendmf.config.protocol import EvaluationSettings, SplitSettings
from blendmf.data.splits import split as split_ratings
from blendmf.estimators.estimator import RatingEstimator
from blendmf.estimators.tables import rating_table
from blendmf.evaluation import compare as comparison
from blendmf.evaluation.evaluate import ModelScores
from blendmf.evaluation.evaluate import evaluate as evaluate_model
from blendmf.ingest.import_tables import relevance_threshold


class Parts(NamedTuple):
    """The parts of a split, each a DataFrame with the columns user, item, rating and timestamp."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame


def split(
    ratings: Any, *, seed: int = SEED, columns: Mapping[str, str] | None = None, **settings: Any
) -> Parts:
    """Divide ratings into a training, a validation and a test part, as the rule ``split`` does.

    Parameters
    ----------
    ratings : DataFrame, Arrow table or arrays
        See `blendmf.estimators.tables.rating_table`. Without times, the scheme is ``random``.
    seed : int
        Source of every random draw.
    columns : mapping, optional
        Names of columns that differ.
    **settings
        Settings of the block ``split`` of the configuration: ``scheme``, ``train``,
        ``validation``, ``min_ratings``, ``folds``, ``fold``, ``fold_rule``.

    Raises
    ------
    UserError
        If a setting is not valid, or a part is empty.
    """
    table = rating_table(ratings, None, columns)
    if "timestamp" not in table:
        settings = {"scheme": "random", **settings}
    chosen = validated(SplitSettings, settings)
    if chosen.scheme == "given":
        raise UserError("scheme: given needs files; divide the table yourself")
    if "timestamp" not in table and chosen.scheme.endswith("temporal"):
        raise UserError(f"scheme: {chosen.scheme} needs a column timestamp; use random")
    parts = split_ratings(table, **chosen.model_dump(), files=(), seed=seed)
    names = {"user_id": "user", "item_id": "item"}
    return Parts(
        *(part.rename(columns=names) for part in (parts.train, parts.validation, parts.test))
    )


def evaluate(
    estimator: RatingEstimator,
    test: Any,
    *,
    validation: Any = None,
    seed: int = SEED,
    **settings: Any,
) -> ModelScores:
    """Score a fitted estimator on held-out ratings, as the rule ``evaluate`` does.

    Parameters
    ----------
    estimator : RatingEstimator
    test : DataFrame, Arrow table or arrays
        Held-out ratings. Users and items that the estimator does not know are left out of the
        ranking and of the figures; their number is in ``metrics["unknown"]``.
    validation : DataFrame, Arrow table or arrays, optional
        Ratings that the estimator was not fitted on, but whose items are not to be recommended.
    seed : int
    **settings
        Settings of the block ``evaluation`` of the configuration: ``k``, ``relevance_threshold``,
        ``full_users``.

    Returns
    -------
    ModelScores
        ``metrics``, ``per_user`` and ``strata``.

    Raises
    ------
    UserError
        If a setting is not valid, or nothing is left to evaluate.
    """
    held_out = rating_table(test, None, estimator.columns)
    users, items = estimator.positions(held_out)
    known = (users >= 0) & (items >= 0)
    rated = held_out[known]
    tested = estimator.observations(rated)
    empty = held_out.iloc[:0]
    seen = empty if validation is None else rating_table(validation, None, estimator.columns)
    of_seen = estimator.positions(seen)
    seen = seen[(of_seen[0] >= 0) & (of_seen[1] >= 0)]
    chosen = validated(EvaluationSettings, settings)
    if chosen.relevance_threshold is None:
        threshold = relevance_threshold(estimator.ratings_.data, estimator.rating_range_)
        chosen = chosen.model_copy(update={"relevance_threshold": threshold})
    counts = np.bincount(estimator.ratings_.indices, minlength=len(estimator.items_))
    scores = evaluate_model(
        estimator.model_,
        estimator.ratings_,
        estimator.matrix(seen),
        tested,
        items=estimator.items_.assign(n_train=counts),
        users=estimator.users_.to_frame(index=False),
        settings=chosen,
        seed=seed,
    )
    scores.metrics["unknown"] = int(np.count_nonzero(~known))
    return scores


def compare(
    scores: Mapping[str, ModelScores | Sequence[ModelScores]],
    *,
    resamples: int = EvaluationSettings().bootstrap_resamples,
    seed: int = SEED,
) -> comparison.Comparison:
    """Compare evaluated models by paired bootstrap over users, as the rule ``compare`` does.

    Parameters
    ----------
    scores : mapping
        Scores by name of the model: those of one fit, or of several from different seeds.
    resamples : int
        Resamples of the users.
    seed : int

    Returns
    -------
    Comparison
        Tables ``metrics`` (with 95 % intervals), ``differences`` (paired, p-values corrected by
        Holm), ``table`` (one row per model, best first) and ``strata``.

    Raises
    ------
    UserError
        If the models were not evaluated on the same users.
    """
    runs = [
        comparison.Run(name, number, one.metrics, one.per_user, one.strata)
        for name, of_model in scores.items()
        for number, one in enumerate(
            [of_model] if isinstance(of_model, ModelScores) else of_model, start=1
        )
    ]
    return comparison.compare(runs, resamples, seed)
