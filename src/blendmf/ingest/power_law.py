"""Numbers in power-law proportions: what is shared out, and what is drawn without repetition.

The share of rank k (from 0) is proportional to (k + RANK_SHIFT) ** -exponent, the law of Zipf and
Mandelbrot.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

RANK_SHIFT = 10.0


def deal(total: int, n_shares: int, exponent: float, most: int) -> NDArray[np.int64]:
    """Cut `total` into whole shares in power-law proportions.

    Parameters
    ----------
    total : int
        At most ``n_shares * most``.
    n_shares : int
    exponent : float
    most : int
        No share is above it; what the greatest ones lose to it goes to the others.

    Returns
    -------
    ndarray of int, of shape (n_shares,)
        Adding up to `total` exactly.
    """
    weights = (np.arange(n_shares) + RANK_SHIFT) ** -exponent
    shares = np.zeros(n_shares)
    n_full, n_above = 0, n_shares
    while n_above:
        left = weights[n_full:]
        shares[n_full:] = (total - n_full * most) * left / left.sum()
        n_above = int((shares[n_full:] > most).sum())
        shares[n_full : n_full + n_above] = most
        n_full += n_above
    # Rounding the running sum, and not each share, keeps the total.
    edges = np.floor(np.append(0.0, np.cumsum(shares)) + 0.5).astype(np.int64)
    return np.diff(edges)


def draw_distinct(
    counts: NDArray[np.int64], n_options: int, exponent: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw for each group some distinct options, the first ones more often, one after another.

    Parameters
    ----------
    counts : ndarray of int, of shape (n_groups,)
        Options to draw for each group, at most `n_options`.
    n_options : int
    exponent : float
        An option k is drawn with a probability of about (k + RANK_SHIFT) ** -exponent; one that
        the group has already is drawn again.

    Returns
    -------
    groups, options : ndarray of int, of shape (sum of counts,)
        Sorted by group; within a group in the order of the draws.
    """
    finished: list[NDArray[np.int64]] = []
    pairs = np.empty(0, dtype=np.int64)
    lacking = np.asarray(counts, dtype=np.int64)
    oversampling = 1.25
    while lacking.any():
        n_drawn = np.ceil(oversampling * lacking).astype(np.int64)
        groups = np.repeat(np.arange(len(counts)), n_drawn)
        drawn = groups * n_options + _draw(len(groups), n_options, exponent, rng)
        # Unlike NumPy's, this keeps the order of first occurrence.
        pairs = np.asarray(pd.unique(np.append(pairs, drawn)))
        groups = pairs // n_options
        found = np.bincount(groups, minlength=len(counts))
        lacking = np.where(lacking > 0, np.maximum(counts - found, 0), 0)
        is_short = lacking[groups] > 0
        finished.append(pairs[~is_short])
        pairs = pairs[is_short]
        oversampling *= 2.0
    pairs = np.concatenate([*finished, pairs])
    pairs = pairs[np.argsort(pairs // n_options, kind="stable")]
    groups, options = np.divmod(pairs, n_options)
    kept = place_in_group(groups) < counts[groups]
    return groups[kept], options[kept]


def _draw(n: int, n_options: int, exponent: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw from 0 to n_options - 1 by the inverse of the continuous distribution function."""
    low, high = RANK_SHIFT, n_options + RANK_SHIFT
    uniform = rng.random(n)
    if exponent == 1.0:
        drawn = low * (high / low) ** uniform
    else:
        power = 1.0 - exponent
        drawn = (low**power + uniform * (high**power - low**power)) ** (1.0 / power)
    return np.minimum((drawn - low).astype(np.int64), n_options - 1)


def place_in_group(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number each entry, from 0, among those of its group; equal groups stand together."""
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    lengths = np.diff(starts, append=len(groups))
    return np.arange(len(groups)) - np.repeat(starts, lengths)
