"""What changes when one part of the ratings is altered: dependence found by trying it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.config.protocol import ContentSettings
from blendmf.data.content import content
from blendmf.data.known_tags import tags_known_in_training
from blendmf.data.matrices import matrices
from blendmf.data.rating_order import places
from blendmf.models.baselines import fit_bias, fit_global_mean
from blendmf.models.drift import BIAS_SHRINKAGE, without_drift
from blendmf.models.observations import Observations

ALTERATIONS = ("values", "times", "rows")
"""Every second rating is one higher; time runs backwards; half of the items are gone."""

RATINGS_TRIED = 20_000
"""Alterations are tried on the ratings of as many users as have no more than these together."""

ANY_RANGE = (0.0, 10.0)
"""Fitting does not use the rating range; only prediction does."""

Parts = Mapping[str, pd.DataFrame]


def dependence(
    parts: Parts,
    items: pd.DataFrame,
    tags: pd.DataFrame,
    settings: ContentSettings,
    seed: int,
) -> tuple[dict[str, dict[str, list[str]]], int]:
    """Which alterations of which part change which statistic.

    The pipeline's own functions fit everything anew for each part and alteration, on a sample of
    the users where the ratings are many.

    Parameters
    ----------
    parts : mapping of DataFrame
        ``train``, ``validation`` and ``test``; columns ``user_id, item_id, rating, timestamp``.
    items, tags : DataFrame
        The canonical tables.
    settings : ContentSettings
        The configuration's `content` block.
    seed : int
        The experiment's; it draws the sample.

    Returns
    -------
    found : dict
        For each statistic and each part those of `ALTERATIONS` that change it.
    n_users : int
        Users whose ratings were altered.
    """
    users = _some_users(parts, seed)
    tried = {name: part[part["user_id"].isin(users)] for name, part in parts.items()}
    rated = set().union(*(part["item_id"].unique() for part in tried.values()))
    described = items[items["item_id"].isin(rated)]
    own_tags = tags[tags["user_id"].isin(users)]
    as_it_is = _fitted(tried, described, own_tags, settings, seed)
    found: dict[str, dict[str, list[str]]] = {name: {p: [] for p in parts} for name in as_it_is}
    for part in parts:
        for alteration in ALTERATIONS:
            altered = {**tried, part: _altered(tried, part, alteration)}
            for name, value in _fitted(altered, described, own_tags, settings, seed).items():
                if not _equal(value, as_it_is[name]):
                    found[name][part].append(alteration)
    return found, len(users)


def _some_users(parts: Parts, seed: int) -> pd.Index:
    """As many users, in an order drawn at random, as have `RATINGS_TRIED` ratings; one at least."""
    counts = pd.concat([part["user_id"].value_counts() for part in parts.values()])
    by_user = counts.groupby(level=0).sum()
    drawn = by_user.iloc[stream(seed, "fitted_on").permutation(len(by_user))]
    return drawn.index[: max(1, int((drawn.cumsum() <= RATINGS_TRIED).sum()))]


def _altered(parts: Parts, name: str, alteration: str) -> pd.DataFrame:
    part = parts[name]
    match alteration:
        case "values":
            second = np.arange(len(part), dtype=np.float32) % 2
            return part.assign(rating=part["rating"] + second)
        case "times":
            return part.assign(timestamp=-part["timestamp"])
    others = [other for key, other in parts.items() if key != name]
    gone = part["item_id"].isin(_every_second("item_id", part, others))
    own_users = _every_second("user_id", part, others, only_own=True)
    return part[~(gone | part["user_id"].isin(own_users))]


def _every_second(
    column: str, part: pd.DataFrame, others: list[pd.DataFrame], *, only_own: bool = False
) -> pd.Index:
    """Half of a part's ids, beginning with one that no other part has, if there is one."""
    ids = pd.Index(part[column].unique()).sort_values()
    own = ~ids.isin(pd.concat([other[column] for other in others]))
    return (ids[own] if only_own else ids[own].append(ids[~own]))[::2]


def _fitted(
    parts: Parts, items: pd.DataFrame, tags: pd.DataFrame, settings: ContentSettings, seed: int
) -> dict[str, pd.Series | pd.DataFrame]:
    """Every statistic, by the ids that it is of: positions shift when other ids come or go."""
    built = matrices(parts["train"], parts["validation"], parts["test"], items)
    users, rated = built.users["user_id"], built.items["item_id"]
    placed = places(parts["train"], parts["validation"], built.users, built.items)
    train = Observations.from_matrix(built.train, placed.train)
    validation = Observations.from_matrix(built.validation, placed.validation)
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
    text = content(
        built.items, tags, parts["train"], settings.model_copy(update={"dealt": None}), seed
    )
    terms = pd.Index(text.vocabulary["part"] + ":" + text.vocabulary["term"])
    return {
        "training mean": pd.Series([fit_global_mean(train, ANY_RANGE).global_mean]),
        "training mean without drift": pd.Series([fit_global_mean(moved, ANY_RANGE).global_mean]),
        "places of ratings": pd.concat([_by_ids(part, users, rated) for part in placed]),
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


def _equal(one: pd.Series | pd.DataFrame, other: pd.Series | pd.DataFrame) -> bool:
    return pd.DataFrame(one).equals(pd.DataFrame(other))


def _by_ids(matrix: sp.csr_array, row_ids: pd.Series, column_ids: pd.Series) -> pd.DataFrame:
    """Entries of a matrix with the ids of their row and column, in the order of both."""
    ordered = matrix.sorted_indices()
    return pd.DataFrame(
        {
            "row": np.repeat(row_ids.to_numpy(), np.diff(ordered.indptr)),
            "column": column_ids.to_numpy()[ordered.indices],
            "value": ordered.data,
        }
    )
