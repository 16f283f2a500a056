"""Items that are similar to others, by their factors or by their words."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.models.bayesian_factor_model import BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.model import Model
from blendmf.models.observations import Positions

MOST_RATINGS_NEEDED = 20
"""Number of ratings from which an item's factors say enough, unless most items have fewer."""

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


def near_by_factors(
    vectors: Vectors,
    among: NDArray[np.bool_],
    n_ratings: NDArray[np.int64],
    n: int,
    of: Positions | None = None,
) -> Near:
    """Most similar items by the cosine of their vectors, centred on the mean of `among`.

    Items outside `among` have no similar ones and are none. `of` are the items whose similar ones
    are wanted; default: all.
    """
    wanted = np.arange(len(vectors)) if of is None else of
    near: Near = [[] for _ in wanted]
    chosen = np.flatnonzero(among)
    if len(chosen) < 2:
        return near
    centred = vectors[chosen] - vectors[chosen].mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.where(lengths > 0, lengths, 1.0)
    places = np.flatnonzero(among[wanted])
    rows = np.searchsorted(chosen, wanted[places])
    found = _nearest(lambda block: unit[block] @ unit.T, n_ratings[chosen], n, rows)
    for place, of_item in zip(places, found, strict=True):
        near[place] = [(int(chosen[other]), cosine) for other, cosine in of_item]
    return near


def near_by_words(
    tfidf: sp.csr_array, n_ratings: NDArray[np.int64], n: int, of: Positions | None = None
) -> Near:
    """Most similar items by the cosine of their TF-IDF rows, which have length 1.

    Of equally similar items, those with more ratings come first. `of` are the items whose similar
    ones are wanted; default: all.
    """
    wanted = np.arange(tfidf.shape[0]) if of is None else of
    return _nearest(lambda block: (tfidf[block] @ tfidf.T).toarray(), n_ratings, n, wanted)


def _nearest(
    cosines: Callable[[Positions], NDArray[np.floating]],
    n_ratings: NDArray[np.int64],
    n: int,
    wanted: Positions,
) -> Near:
    """The `n` largest cosines from `LEAST_COSINE` of each row; of equal ones, the most rated.

    `cosines` gives some rows of the cosines of all items; `wanted` are the rows.
    """
    most_rated_first = np.argsort(-n_ratings, kind="stable")
    near: Near = []
    for start in range(0, len(wanted), ROWS_PER_BLOCK):
        rows = wanted[start : start + ROWS_PER_BLOCK]
        values = np.round(cosines(rows).astype(np.float64), 2)
        order = np.argsort(-values[:, most_rated_first], axis=1, kind="stable")[:, : n + 1]
        first = most_rated_first[order]
        for row, candidates in enumerate(first):
            others = [int(item) for item in candidates if item != rows[row]][:n]
            near.append(
                [
                    (item, float(values[row, item]))
                    for item in others
                    if values[row, item] >= LEAST_COSINE
                ]
            )
    return near
