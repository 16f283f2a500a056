"""Observed ratings made from plain arrays, lists and matrices."""

import numpy as np

from blendmf.models.observations import Observations


def observed(users, items, ratings, shape, times=None):
    """Observations of any arrays, in the library's number types."""
    users, items = (np.asarray(positions, dtype=np.int32) for positions in (users, items))
    ratings = np.asarray(ratings, dtype=np.float32)
    times = None if times is None else np.asarray(times, dtype=np.int64)
    return Observations(users, items, ratings, shape, times)


def observed_triples(triples, shape):
    """Observations of (user, item, rating) triples."""
    return observed(*np.array(triples, dtype=float).reshape(-1, 3).T, shape)


def observed_where(chosen, ratings, times=None):
    """Observations of the chosen entries of a matrix, in row order."""
    at = None if times is None else times[chosen]
    return observed(*np.nonzero(chosen), ratings[chosen], chosen.shape, at)
