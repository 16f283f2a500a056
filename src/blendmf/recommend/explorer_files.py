"""Choice of the explorer's models, read from their files."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from blendmf.common.files import PathLike, read_json
from blendmf.config.models import Entry, TrainedEntry, model_entry
from blendmf.evaluation.compare import best_model
from blendmf.models.model import load_model
from blendmf.recommend.explorer_predictions import ExplorerModel

COMPARED_KINDS = ("mf", "mf-content")
"""Kinds of which the explorer shows the best model, whether or not it recommends."""


def explorer_models(
    table: pd.DataFrame,
    settings: Mapping[str, Mapping[str, Any]],
    *,
    final: Sequence[tuple[PathLike, PathLike]],
    evaluated: Mapping[str, PathLike],
    index: str,
    words: sp.csr_array,
    rating_deviation: float,
) -> list[ExplorerModel]:
    """Read the models that recommend, the best of all, and the best of `COMPARED_KINDS`.

    Parameters
    ----------
    table : DataFrame
        The table of the comparison.
    settings : mapping
        Settings of all models by name.
    final : sequence of (path, path)
        Model and ``fit.json`` of each fit on all ratings.
    evaluated : mapping of path
        The first evaluated fit of each model.
    index : str
        Digest of the index that the models must belong to.
    words : csr_array of shape (n_items, n_terms)
        Content that the fits on all ratings had.
    rating_deviation : float
        Standard deviation of all ratings, the unit of the fits on them.

    Returns
    -------
    list of ExplorerModel
        Best first: lowest test RMSE, then, for models without one, highest NDCG.
    """
    entries = {name: model_entry(values) for name, values in settings.items()}
    facts = [read_json(fit) for _, fit in final]
    recommending = {fit["model"]: (path, fit) for (path, _), fit in zip(final, facts, strict=True)}
    compared = [
        [name for name, entry in entries.items() if entry.kind == kind] for kind in COMPARED_KINDS
    ]
    chosen = {
        *recommending,
        *(best_model(table, names) for names in [list(entries), *compared] if names),
    }
    models = []
    for name in _best_first(table):
        if name not in chosen:
            continue
        of_training = None
        if entries[name].predicts_ratings:
            of_training = load_model(evaluated[name], index)
        if name not in recommending:
            models.append(ExplorerModel(name, None, of_training))
            continue
        path, fit = recommending[name]
        entry: Entry = model_entry(fit["settings"])
        models.append(
            ExplorerModel(
                name,
                load_model(path, index),
                of_training,
                words if entry.uses_content else None,
                penalty_of(entry, rating_deviation),
            )
        )
    return models


def item_ratings(ids: pd.Index, item_ids: pd.Series, ratings: pd.Series) -> pd.DataFrame:
    """Number and mean of all ratings of each item; the mean is NaN without ratings.

    Parameters
    ----------
    ids : Index
        Ids of the items; those of other items are ignored.
    item_ids, ratings : Series
        Columns of the table of all ratings.
    """
    items = ids.get_indexer(pd.Index(item_ids))
    known = items >= 0
    n = np.bincount(items[known], minlength=len(ids))
    total = np.bincount(items[known], ratings.to_numpy(np.float64)[known], minlength=len(ids))
    mean = np.divide(total, n, out=np.full(len(ids), np.nan), where=n > 0)
    return pd.DataFrame({"n": n, "mean": mean})


def _best_first(table: pd.DataFrame) -> list[str]:
    """Names of all models, lowest RMSE first, then by NDCG."""
    ranked = table.assign(worse=-table["full_ndcg_at_k"]).sort_values(
        ["rmse", "worse"], na_position="last", kind="stable"
    )
    return ranked["model"].astype(str).tolist()


def penalty_of(entry: Entry, deviation: float) -> float | None:
    """L2 penalty per rating of a model's factors, in rating units.

    In standard units the squared errors are divided by the variance of the ratings, and the squared
    lengths of the factors by their deviation (`RatingUnit.scales`); the penalty is multiplied by
    the quotient.
    """
    if not isinstance(entry, TrainedEntry):
        return None
    return deviation * entry.training.regularization
