"""Perturb one part of the ratings, and find the fitted statistics that change."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.config.protocol import ContentSettings
from blendmf.data.content import content
from blendmf.data.matrices import Matrices, matrices
from blendmf.data.splits import tags_known_in_training
from blendmf.models.baselines import fit_bias, fit_global_mean
from blendmf.models.drift import BIAS_SHRINKAGE, without_drift
from blendmf.models.observations import Observations

PERTURBATIONS = {
    "values": "every second rating one higher",
    "times": "running backwards",
    "rows": "half of the items gone",
}
"""Perturbations of a part, and what each does."""

MAX_RATINGS = 20_000
"""Perturbations use the ratings of a random sample of users with at most this many in total."""

ANY_RANGE = (0.0, 10.0)
"""Rating range of the fits; only predictions use it, and they are not compared."""

Parts = Mapping[str, pd.DataFrame]


def dependence(
    parts: Parts,
    items: pd.DataFrame,
    tags: pd.DataFrame,
    settings: ContentSettings,
    seed: int,
) -> tuple[dict[str, dict[str, list[str]]], int]:
    """Find the perturbations of each part that change each statistic.

    The pipeline's own functions refit everything for each part and perturbation. The tables are
    those of `blendmf.audits.fitted_on.fitted_on`; `seed` draws the sample of users. Returned are,
    for each statistic and part, the `PERTURBATIONS` that change the statistic, and the number of
    users whose ratings were perturbed.
    """
    users = _sampled_users(parts, seed)
    sampled = {name: part[part["user_id"].isin(users)] for name, part in parts.items()}
    rated = set().union(*(part["item_id"].unique() for part in sampled.values()))
    described = items[items["item_id"].isin(rated)]
    own_tags = tags[tags["user_id"].isin(users)]
    unchanged = _fitted(sampled, described, own_tags, settings, seed)
    found: dict[str, dict[str, list[str]]] = {name: {p: [] for p in parts} for name in unchanged}
    for part in parts:
        for perturbation in PERTURBATIONS:
            perturbed = {**sampled, part: _perturbed(sampled, part, perturbation)}
            for name, value in _fitted(perturbed, described, own_tags, settings, seed).items():
                if not pd.DataFrame(value).equals(pd.DataFrame(unchanged[name])):
                    found[name][part].append(perturbation)
    return found, len(users)


def _sampled_users(parts: Parts, seed: int) -> pd.Index:
    counts = pd.concat([part["user_id"].value_counts() for part in parts.values()])
    by_user = counts.groupby(level=0).sum()
    drawn = by_user.iloc[stream(seed, "fitted_on").permutation(len(by_user))]
    return drawn.index[: max(1, int((drawn.cumsum() <= MAX_RATINGS).sum()))]


def _perturbed(parts: Parts, name: str, perturbation: str) -> pd.DataFrame:
    part = parts[name]
    if perturbation == "values":
        return part.assign(rating=part["rating"] + np.arange(len(part), dtype=np.float32) % 2)
    if perturbation == "times":
        return part.assign(timestamp=-part["timestamp"])
    others = [other for key, other in parts.items() if key != name]
    gone = part["item_id"].isin(_every_second("item_id", part, others))
    own_users = _every_second("user_id", part, others, only_own=True)
    return part[~(gone | part["user_id"].isin(own_users))]


def _every_second(
    column: str, part: pd.DataFrame, others: list[pd.DataFrame], *, only_own: bool = False
) -> pd.Index:
    """Half of a part's ids; ids that no other part has come first."""
    ids = pd.Index(part[column].unique()).sort_values()
    own = ~ids.isin(pd.concat([other[column] for other in others]))
    return (ids[own] if only_own else ids[own].append(ids[~own]))[::2]


def _fitted(
    parts: Parts, items: pd.DataFrame, tags: pd.DataFrame, settings: ContentSettings, seed: int
) -> dict[str, pd.Series | pd.DataFrame]:
    """Fit every statistic, indexed by ids, since positions shift when ids come or go."""
    built = matrices(parts["train"], parts["validation"], parts["test"], items)
    users, rated = built.users["user_id"], built.items["item_id"]
    train = Observations.from_matrix(built.train, built.times["train"])
    validation = Observations.from_matrix(built.validation, built.times["validation"])
    moved = without_drift(train, validation, ANY_RANGE)
    bias = fit_bias(train, ANY_RANGE, *BIAS_SHRINKAGE)
    assert bias.user_bias is not None
    assert bias.item_bias is not None
    n_of_user = np.diff(built.train.indptr)
    n_of_item = built.items["n_train"].to_numpy()
    of_user = pd.Series(bias.user_bias, index=pd.Index(users))[n_of_user > 0]
    of_item = pd.Series(bias.item_bias, index=pd.Index(rated))[n_of_item > 0]
    known = tags if settings.tags == "all" else tags_known_in_training(tags, parts["train"])
    used = known if "tags" in settings.parts else known[:0]
    own_words = settings.model_dump() | {"dealt": None}
    text = content(built.items, tags, parts["train"], **own_words, seed=seed)
    terms = pd.Index(text.vocabulary["part"] + ":" + text.vocabulary["term"])
    return {
        "training mean": pd.Series([fit_global_mean(train, ANY_RANGE).global_mean]),
        "mean of training and validation": pd.Series(
            [fit_global_mean(train.joined(validation), ANY_RANGE).global_mean]
        ),
        "training mean without drift": pd.Series([fit_global_mean(moved, ANY_RANGE).global_mean]),
        "times of ratings": _times_by_ids(built, users, rated),
        "training ratings of items": pd.Series(n_of_item, index=pd.Index(rated))[n_of_item > 0],
        "user ids": users,
        "item ids": rated,
        "training matrix": _by_ids(built.train, users, rated),
        "biases": pd.concat([of_user.rename("bias"), of_item.rename("bias")]),
        "tags used": pd.Series(used.index),
        "vocabulary": pd.Series(terms),
        "idf": pd.Series(text.vocabulary["idf"].to_numpy(), index=terms),
        "TF-IDF rows": _by_ids(text.tfidf, rated, pd.Series(terms)),
    }


def _times_by_ids(built: Matrices, users: pd.Series, items: pd.Series) -> pd.DataFrame:
    """Times of all ratings with the ids of their user and item."""
    parts = []
    for part, times in built.times.items():
        matrix = getattr(built, part)
        whole = sp.csr_array((times, matrix.indices, matrix.indptr), shape=matrix.shape)
        parts.append(_by_ids(whole, users, items))
    return pd.concat(parts)


def _by_ids(matrix: sp.csr_array, row_ids: pd.Series, column_ids: pd.Series) -> pd.DataFrame:
    """Entries of a matrix with the ids of their row and column, in sorted order."""
    ordered = matrix.sorted_indices()
    return pd.DataFrame(
        {
            "row": np.repeat(row_ids.to_numpy(), np.diff(ordered.indptr)),
            "column": column_ids.to_numpy()[ordered.indices],
            "value": ordered.data,
        }
    )
