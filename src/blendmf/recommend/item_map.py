"""Items near each other: a map of the items' factors, and each item's most similar items."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.models.bayesian_factor_model import BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.model import Model
from blendmf.models.observations import Positions

MOST_RATINGS_NEEDED = 20
"""Number of ratings from which an item's factors say enough, unless most items have fewer."""

MAP_SIZE = 1000
"""Largest coordinate of the map."""

Near = list[list[tuple[int, float]]]
"""For each item the most similar ones, with their cosines, most similar first."""

Vectors = NDArray[np.float64]

LEAST_COSINE = 0.2
"""Cosine below which items are not similar."""

ROWS_PER_BLOCK = 512
"""Number of items that are compared with all others at a time."""


def item_vectors(model: Model, items: Positions) -> Vectors | None:
    """Factors of some items, of shape (k, d), in which angles mean something.

    The draws of a Bayesian model are stacked, so that a product of two items' vectors is the mean
    over the draws of the products of their factors, which rotations between draws do not affect.
    None for a model without item factors.
    """
    if isinstance(model, BayesianFactorModel):
        drawn = model.item_rows[:, items, 1:].astype(np.float64)
        stacked: Vectors = np.concatenate(drawn, axis=1)
        return stacked / np.sqrt(len(drawn))
    if isinstance(model, FactorModel) and model.item_vectors is not None:
        return model.item_vectors[items].astype(np.float64)
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
    found = _nearest(lambda rows: unit[rows] @ unit.T, n_ratings[chosen], n)
    for item, of_item in zip(chosen, found, strict=True):
        near[item] = [(int(chosen[other]), cosine) for other, cosine in of_item]
    return near


def near_by_words(tfidf: sp.csr_array, n_ratings: NDArray[np.int64], n: int) -> Near:
    """Most similar items by the cosine of their TF-IDF rows, which have length 1.

    Of equally similar items, those with more ratings come first.
    """
    return _nearest(lambda rows: (tfidf[rows] @ tfidf.T).toarray(), n_ratings, n)


def _nearest(
    cosines: Callable[[slice], NDArray[np.floating]], n_ratings: NDArray[np.int64], n: int
) -> Near:
    """The `n` largest cosines from `LEAST_COSINE` of each row; of equal ones, the most rated.

    `cosines` gives some rows of the cosines of all items.
    """
    most_rated_first = np.argsort(-n_ratings, kind="stable")
    near: Near = []
    for start in range(0, len(n_ratings), ROWS_PER_BLOCK):
        rows = slice(start, start + ROWS_PER_BLOCK)
        values = np.round(cosines(rows).astype(np.float64), 2)
        order = np.argsort(-values[:, most_rated_first], axis=1, kind="stable")[:, : n + 1]
        first = most_rated_first[order]
        for row, candidates in enumerate(first):
            others = [int(item) for item in candidates if item != start + row][:n]
            near.append(
                [
                    (item, float(values[row, item]))
                    for item in others
                    if values[row, item] >= LEAST_COSINE
                ]
            )
    return near
