"""A map of the items: the two principal components of their factors."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blendmf.recommend.near_items import Vectors

MAP_SIZE = 1000
"""Largest coordinate of the map."""


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
