"""The two ways to rank a user's items, ``rated`` and ``full``, in blocks of users.

``rated`` ranks the items that the user rated in the held-out part; ``full`` ranks the whole
catalogue without what the user rated in training or validation. Both rank by unclipped scores,
since clipping would tie the best items with each other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.common.job_log import progress
from blendmf.evaluation.ranking_metrics import RankedLists, places, top_k
from blendmf.evaluation.rating_metrics import PAIRS_PER_BLOCK
from blendmf.models.model import Model
from blendmf.models.observations import Observations

SCORES_PER_BLOCK = 2**21
"""Scores held at a time: enough to keep a block's overhead small, few enough for any machine."""


@dataclass(frozen=True, eq=False)
class Rankings:
    """Ranked lists of both protocols.

    Attributes
    ----------
    users, full_users : ndarray of int64, of shape (m,) and (m_full,)
        Positions, ascending, of the users with held-out ratings, and of those among them to whom
        the full protocol was applied.
    rated, full : RankedLists
        Row j belongs to ``users[j]`` and to ``full_users[j]``; so it does in all that follow.
    rated_found, full_found : ndarray of int32, of shape (m, k) and (m_full, k)
        Which held-out rating stands at each place of a list, as its place in the held-out part;
        -1 where none does.
    full_lists : ndarray of int32, of shape (m_full, k)
        Positions of the items that the full protocol lists, -1 after the end of a list.
    """

    users: NDArray[np.int64]
    rated: RankedLists
    rated_found: NDArray[np.int32]
    full_users: NDArray[np.int64]
    full: RankedLists
    full_found: NDArray[np.int32]
    full_lists: NDArray[np.int32]


def rank_users(
    model: Model,
    seen: Sequence[sp.csr_array],
    test: Observations,
    k: int,
    relevance_threshold: float,
    *,
    full_users: NDArray[np.int64] | None = None,
    scores_per_block: int = SCORES_PER_BLOCK,
    pairs_per_block: int = PAIRS_PER_BLOCK,
) -> Rankings:
    """Rank the items of users with held-out ratings, by both protocols.

    Parameters
    ----------
    model : Model
    seen : sequence of csr_array of shape (n_users, n_items)
        Stored entries are the ratings of training and validation, each in one of them.
    test : Observations
        The held-out part.
    k : int
        Length of the lists.
    relevance_threshold : float
        A held-out rating of at least this much is relevant.
    full_users : ndarray of int64, of shape (m_full,), optional
        Positions, ascending, of the users with held-out ratings to whom the full protocol is
        applied; None for all.
    scores_per_block, pairs_per_block : int
        Bound the memory: a block of the full and of the rated protocol has about this many scores,
        or one user's.

    Raises
    ------
    ValueError
        If the model's scores are not finite.
    """
    held_out = _places_in(test)
    users = np.flatnonzero(np.diff(held_out.indptr))
    if full_users is None:
        full_users = users
    is_relevant = test.ratings >= relevance_threshold
    n_relevant = np.bincount(test.users[is_relevant], minlength=test.shape[0])
    n_held_out = np.diff(held_out.indptr).astype(np.int64)
    n_unseen = test.shape[1] - sum(np.diff(part.indptr).astype(np.int64) for part in seen)

    rated_found = np.empty((len(users), k), dtype=np.int32)
    for block in _blocks_of_pairs(n_held_out[users], pairs_per_block):
        rated_found[block] = _found_of_rated(model, users[block], held_out[users[block]], k)
    full_lists = np.empty((len(full_users), k), dtype=np.int32)
    full_found = np.empty((len(full_users), k), dtype=np.int32)
    for block in _blocks(len(full_users), max(1, scores_per_block // test.shape[1])):
        own = full_users[block]
        lists = top_k(unseen_scores(model, own, [part[own] for part in seen]), k)
        full_lists[block] = lists
        full_found[block] = _found_of_full(lists, held_out[own])
    return Rankings(
        users,
        RankedLists(_hits(rated_found, is_relevant), n_relevant[users], n_held_out[users]),
        rated_found,
        full_users,
        RankedLists(_hits(full_found, is_relevant), n_relevant[full_users], n_unseen[full_users]),
        full_found,
        full_lists,
    )


def unseen_scores(
    model: Model, users: NDArray[np.int64], seen: Sequence[sp.csr_array]
) -> NDArray[np.float32]:
    """Scores of all items for some users, -inf for what they have rated.

    Parameters
    ----------
    model : Model
    users : ndarray of int64, of shape (m,)
        Positions; the model says what it does for an unknown one.
    seen : sequence of csr_array of shape (m, n_items)
        Row j holds ratings of ``users[j]``.

    Returns
    -------
    ndarray of float32, of shape (m, n_items)

    Raises
    ------
    ValueError
        If the model's scores are not finite.
    """
    scores = np.array(_finite(model.score_users(users), model))
    for part in seen:
        scores[_stored(part)] = -np.inf
    return scores


def _places_in(test: Observations) -> sp.csr_array:
    """The held-out part as a matrix of each rating's place in it, from 0."""
    places_in_test = np.arange(len(test), dtype=np.int32)
    return sp.csr_array((places_in_test, (test.users, test.items)), shape=test.shape)


def _found_of_rated(
    model: Model, users: NDArray[np.int64], held_out: sp.csr_array, k: int
) -> NDArray[np.int32]:
    """Held-out ratings by their rank; row j of `held_out` belongs to ``users[j]``."""
    rows, items = _stored(held_out)
    place = places(rows, items, _finite(model.score_pairs(users[rows], items), model))
    listed = place < k
    found = np.full((len(users), k), -1, dtype=np.int32)
    found[rows[listed], place[listed]] = held_out.data[listed]
    return found


def _found_of_full(lists: NDArray[np.int64], held_out: sp.csr_array) -> NDArray[np.int32]:
    """Held-out ratings of the listed items; row j of `held_out` belongs to list j."""
    n_items = held_out.shape[1]
    rows, items = _stored(held_out)
    stored = rows * n_items + items
    wanted = np.arange(len(lists))[:, None] * n_items + lists
    nearest = np.minimum(np.searchsorted(stored, wanted), len(stored) - 1)
    is_stored = (lists >= 0) & (stored[nearest] == wanted)
    return np.where(is_stored, held_out.data[nearest], np.int32(-1))


def _hits(found: NDArray[np.int32], is_relevant: NDArray[np.bool_]) -> NDArray[np.bool_]:
    hits: NDArray[np.bool_] = (found >= 0) & is_relevant[found]
    return hits


def _blocks(n: int, size: int) -> Iterator[slice]:
    starts = range(0, n, size)
    return progress((slice(start, start + size) for start in starts), "user blocks", len(starts))


def _blocks_of_pairs(n_pairs: NDArray[np.int64], size: int) -> Iterator[slice]:
    """Divide users, of whom each has some pairs, into blocks of about `size` pairs."""
    block = (np.cumsum(n_pairs) - n_pairs) // size
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    return (slice(*ends) for ends in zip(starts, [*starts[1:], len(n_pairs)], strict=True))


def _finite(scores: NDArray[np.floating], model: Model) -> NDArray[np.floating]:
    if not np.isfinite(scores).all():
        raise ValueError(f"the scores of the {model.kind} model are not finite: it cannot rank")
    return scores


def _stored(matrix: sp.csr_array) -> tuple[NDArray[np.int64], NDArray[np.integer]]:
    """Rows and columns of the stored entries, explicit zeros included."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.indices
