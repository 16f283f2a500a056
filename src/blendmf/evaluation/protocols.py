"""The two ways to rank a user's items, ``rated`` and ``full``, in blocks of users.

``rated`` ranks the items that the user rated in the held-out part; ``full`` ranks the whole
catalogue without what the user rated in training or validation. Both rank by unclipped scores,
since clipping would tie the best items with each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.data.observations import Observations
from blendmf.evaluation.ranking import RankedLists, places, top_k
from blendmf.log import progress
from blendmf.models.model import Model

SCORES_PER_BLOCK = 2**21
"""Scores held at a time: enough to keep a block's overhead small, few enough for any machine."""


@dataclass(frozen=True, eq=False)
class Rankings:
    """Ranked lists of both protocols.

    Attributes
    ----------
    users : ndarray of int64, of shape (m,)
        Positions of the users with held-out ratings, ascending.
    rated, full : RankedLists
        Row u belongs to ``users[u]``.
    times_listed : ndarray of int64, of shape (n_items,)
        In how many lists of the full protocol each item is.
    """

    users: NDArray[np.int64]
    rated: RankedLists
    full: RankedLists
    times_listed: NDArray[np.int64]


def rank_users(
    model: Model,
    seen: sp.csr_array,
    test: Observations,
    k: int,
    relevance_threshold: float,
    scores_per_block: int = SCORES_PER_BLOCK,
) -> Rankings:
    """Rank the items of every user with held-out ratings, by both protocols.

    Parameters
    ----------
    model : Model
    seen : csr_array of shape (n_users, n_items)
        Stored entries are the ratings of training and validation.
    test : Observations
        The held-out part.
    k : int
        Length of the lists.
    relevance_threshold : float
        A held-out rating of at least this much is relevant.
    scores_per_block : int
        Bounds the memory: a block has this many scores, or one user's.

    Raises
    ------
    ValueError
        If the model's scores are not finite.
    """
    n_items = test.shape[1]
    held_out = test.to_matrix()
    users = np.flatnonzero(np.diff(held_out.indptr))
    rated_hits = np.zeros((len(users), k), dtype=np.bool_)
    full_hits = np.zeros((len(users), k), dtype=np.bool_)
    times_listed = np.zeros(n_items, dtype=np.int64)
    for block in _blocks(len(users), max(1, scores_per_block // n_items)):
        scores = _scores(model, users[block])
        held_out_block = held_out[users[block]]
        rows, items = _stored(held_out_block)
        relevant = held_out_block.data >= relevance_threshold

        place = places(rows, items, scores[rows, items])
        listed = place < k
        rated_hits[block][rows[listed], place[listed]] = relevant[listed]

        scores[_stored(seen[users[block]])] = -np.inf
        lists = top_k(scores, k)
        is_relevant = np.zeros(scores.shape, dtype=np.bool_)
        is_relevant[rows, items] = relevant
        is_listed = lists >= 0
        found = np.take_along_axis(is_relevant, np.where(is_listed, lists, 0), axis=1)
        full_hits[block] = found & is_listed
        times_listed += np.bincount(lists[is_listed], minlength=n_items)

    n_held_out = np.diff(held_out.indptr)[users].astype(np.int64)
    n_seen = np.diff(seen.indptr)[users].astype(np.int64)
    is_relevant_rating = test.ratings >= relevance_threshold
    n_relevant = np.bincount(test.users[is_relevant_rating], minlength=test.shape[0])[users]
    return Rankings(
        users,
        RankedLists(rated_hits, n_relevant, n_held_out),
        RankedLists(full_hits, n_relevant, n_items - n_seen),
        times_listed,
    )


def catalogue_metrics(
    times_listed: NDArray[np.int64], n_train: NDArray[np.int64], n_train_users: int
) -> dict[str, float | int]:
    """How much of the catalogue the lists show, and how little known it is.

    Parameters
    ----------
    times_listed, n_train : ndarray of int64, of shape (n_items,)
        Lists that each item is in, and training users who rated it.
    n_train_users : int
        Users with a training rating.

    Returns
    -------
    dict
        ``coverage`` is the share of the ``n_items`` items that are in some list
        (``n_items_listed``). ``novelty`` is the mean self-information in bits over the
        ``n_listed`` places of all lists: -log2((n + 1) / (N + 1)) for an item that n of the N
        training users rated, 0 where all did, finite where none did.

    References
    ----------
    T. Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems",
    PNAS 107(10), 2010 (self-information, here with add-one smoothing).
    """
    information = np.log2(n_train_users + 1) - np.log2(n_train + 1)
    n_items, n_items_listed = len(times_listed), int(np.count_nonzero(times_listed))
    n_listed = int(times_listed.sum())
    return {
        "coverage": n_items_listed / n_items,
        "novelty": float(times_listed @ information) / max(1, n_listed),
        "n_items": n_items,
        "n_items_listed": n_items_listed,
        "n_listed": n_listed,
    }


def _blocks(n: int, size: int) -> Iterator[slice]:
    starts = range(0, n, size)
    return progress((slice(start, start + size) for start in starts), "user blocks", len(starts))


def _scores(model: Model, users: NDArray[np.int64]) -> NDArray[np.floating]:
    """Scores of all items, of shape (m, n_items), in an array of their own."""
    scores = np.array(model.score_users(users))
    if not np.isfinite(scores).all():
        raise ValueError(f"the scores of the {model.kind} model are not finite: it cannot rank")
    return scores


def _stored(matrix: sp.csr_array) -> tuple[NDArray[np.int64], NDArray[np.integer]]:
    """Rows and columns of the stored entries, explicit zeros included."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.indices
