"""Items near each other: a map of the items' factors, and each item's most similar items."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.models.additive_parts import stacked_factors
from blendmf.models.bayesian_factor_model import BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.model import Model

MOST_RATINGS_NEEDED = 20
"""Number of ratings from which an item's factors say enough, unless most items have fewer."""

MAP_SIZE = 1000
"""Largest coordinate of the map."""

Near = list[list[tuple[int, float]]]
"""For each item the most similar ones, with their cosines, most similar first."""

Vectors = NDArray[np.float64]


def item_vectors(model: Model) -> Vectors | None:
    """Factors of all items, of shape (n_items, d), in which angles mean something.

    The draws of a Bayesian model are stacked, so that a product of two items' vectors is the mean
    over the draws of the products of their factors, which rotations between draws do not affect.
    None for a model without item factors.
    """
    if isinstance(model, BayesianFactorModel):
        stacked = stacked_factors(model.item_rows[..., 1:]).astype(np.float64)
        return stacked / np.sqrt(len(model.item_rows))
    if isinstance(model, FactorModel) and model.item_vectors is not None:
        return model.item_vectors.astype(np.float64)
    return None


def ratings_needed(n_ratings: NDArray[np.int64]) -> int:
    """Number of ratings from which items are on the map: 20, or the median if that is lower."""
    median = int(np.median(n_ratings)) if len(n_ratings) else 0
    return max(1, min(MOST_RATINGS_NEEDED, median))


class ItemMap(NamedTuple):
    """Coordinates from 0 to `MAP_SIZE`, None for items that are not on the map."""

    x: list[int | None]
    y: list[int | None]


def item_map(vectors: Vectors, on_map: NDArray[np.bool_]) -> ItemMap:
    """The two principal components of some items' vectors.

    Both axes have the same scale. The sign of each component is such that its largest coordinate
    is positive, so that equal vectors give equal maps.

    Parameters
    ----------
    vectors : ndarray of shape (k, d)
    on_map : ndarray of bool, of shape (k,)
    """
    points = np.zeros((len(vectors), 2))
    if on_map.any():
        chosen = vectors[on_map] - vectors[on_map].mean(axis=0)
        left, lengths, _ = np.linalg.svd(chosen, full_matrices=False)
        components = (left * lengths)[:, :2]
        largest = np.abs(components).argmax(axis=0)
        components *= np.where(components[largest, np.arange(components.shape[1])] < 0, -1, 1)
        points[on_map, : components.shape[1]] = components
    inside = points[on_map]
    low, high = (inside.min(axis=0), inside.max(axis=0)) if len(inside) else (0.0, 0.0)
    span = float(np.max(high - low, initial=0.0)) or 1.0
    placed = np.round(MAP_SIZE * (0.5 + (points - (low + high) / 2) / span)).astype(int)
    x, y = (
        [int(v) if is_on else None for v, is_on in zip(axis, on_map, strict=True)]
        for axis in placed.T
    )
    return ItemMap(x, y)


def near_by_factors(
    vectors: Vectors, among: NDArray[np.bool_], n_ratings: NDArray[np.int64], n: int
) -> Near:
    """Most similar items by the cosine of their vectors, centred on the mean of `among`.

    Items outside `among` have no similar ones and are none.
    """
    near: Near = [[] for _ in vectors]
    chosen = np.flatnonzero(among)
    if len(chosen) < 2:
        return near
    centred = vectors[chosen] - vectors[chosen].mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.where(lengths > 0, lengths, 1.0)
    for item, found in zip(chosen, _nearest(unit @ unit.T, n_ratings[chosen], n), strict=True):
        near[item] = [(int(chosen[other]), cosine) for other, cosine in found]
    return near


def near_by_words(tfidf: sp.csr_array, n_ratings: NDArray[np.int64], n: int) -> Near:
    """Most similar items by the cosine of their TF-IDF rows, which have length 1.

    Of equally similar items, those with more ratings come first.
    """
    return _nearest((tfidf @ tfidf.T).toarray(), n_ratings, n)


def _nearest(cosines: Vectors, n_ratings: NDArray[np.int64], n: int) -> Near:
    """The `n` largest positive cosines of each row, rounded; of equal ones, the most rated."""
    rounded = np.round(cosines.astype(np.float64), 2)
    np.fill_diagonal(rounded, 0.0)
    # Ranks of popularity below the rounding step break ties.
    rank = np.empty(len(n_ratings))
    rank[np.argsort(-n_ratings, kind="stable")] = np.arange(len(n_ratings))
    keys = rounded - 0.005 * rank / max(len(rank), 1)
    first = np.argsort(-keys, axis=1, kind="stable")[:, :n]
    return [
        [(int(item), float(row[item])) for item in of_row if row[item] > 0]
        for row, of_row in zip(rounded, first, strict=True)
    ]
