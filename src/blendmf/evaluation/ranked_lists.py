"""Ranked lists of the two protocols, ``rated`` and ``full``, computed in blocks of users.

``rated`` ranks the items that the user rated in the held-out part; ``full`` ranks the whole
catalogue except items that the user rated in training or validation. Both rank by unclipped
scores, since clipping would tie the best items.
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
"""Scores in memory at a time."""


@dataclass(frozen=True, eq=False)
class ProtocolLists(RankedLists):
    """Ranked lists of one protocol; row j of every array belongs to ``users[j]``.

    Attributes
    ----------
    users : ndarray of int64, of shape (m,)
        Positions of the users, ascending.
    found : ndarray of int32, of shape (m, k)
        Index of each listed item's rating in the held-out part; -1 if it has none.
    """

    users: NDArray[np.int64]
    found: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Rankings:
    """Ranked lists of both protocols.

    Attributes
    ----------
    rated : ProtocolLists
        Of all users with held-out ratings.
    full : ProtocolLists
        Of the users ranked by the full protocol.
    full_items : ndarray of int32, of shape (m_full, k)
        Positions of the items in the full lists, -1 after the end of a list.
    """

    rated: ProtocolLists
    full: ProtocolLists
    full_items: NDArray[np.int32]


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
        Ratings of training and of validation; no pair is in both.
    test : Observations
        The held-out part.
    k : int
        Length of the lists.
    relevance_threshold : float
        Smallest relevant held-out rating.
    full_users : ndarray of int64, of shape (m_full,), optional
        Ascending positions of the users ranked by the full protocol, all with held-out ratings;
        default: all of these.
    scores_per_block, pairs_per_block : int
        Limit the memory: approximate number of scores in a block of the full and of the rated
        protocol. A block has at least one user.

    Raises
    ------
    ValueError
        If the model's scores are not finite.
    """
    indices = np.arange(len(test), dtype=np.int32)
    held_out = sp.csr_array((indices, (test.users, test.items)), shape=test.shape)
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
    full_items = np.empty((len(full_users), k), dtype=np.int32)
    full_found = np.empty((len(full_users), k), dtype=np.int32)
    for block in _blocks(len(full_users), max(1, scores_per_block // test.shape[1])):
        own = full_users[block]
        lists = top_k(unseen_scores(model, own, [part[own] for part in seen]), k)
        full_items[block] = lists
        full_found[block] = _found_of_full(lists, held_out[own])
    rated, full = (
        ProtocolLists(
            hits=(found >= 0) & is_relevant[found],
            n_relevant=n_relevant[own],
            n_candidates=n_candidates[own],
            users=own,
            found=found,
        )
        for own, found, n_candidates in (
            (users, rated_found, n_held_out),
            (full_users, full_found, n_unseen),
        )
    )
    return Rankings(rated, full, full_items)


def unseen_scores(
    model: Model, users: NDArray[np.int64], seen: Sequence[sp.csr_array]
) -> NDArray[np.float32]:
    """Scores of all items for some users, -inf for items that they rated, of shape (m, n_items).

    Parameters
    ----------
    model : Model
    users : ndarray of int64, of shape (m,)
        Positions; -1 is an unknown user, who gets the model's fallback.
    seen : sequence of csr_array of shape (m, n_items)
        Row j holds ratings by ``users[j]``.

    Raises
    ------
    ValueError
        If the model's scores are not finite.
    """
    scores = np.array(_finite(model.score_users(users), model))
    for part in seen:
        scores[_stored(part)] = -np.inf
    return scores


def _found_of_rated(
    model: Model, users: NDArray[np.int64], held_out: sp.csr_array, k: int
) -> NDArray[np.int32]:
    """Held-out index by list position, of shape (m, k); row j of `held_out` is ``users[j]``."""
    rows, items = _stored(held_out)
    place = places(rows, items, _finite(model.score_pairs(users[rows], items), model))
    listed = place < k
    found = np.full((len(users), k), -1, dtype=np.int32)
    found[rows[listed], place[listed]] = held_out.data[listed]
    return found


def _found_of_full(lists: NDArray[np.int64], held_out: sp.csr_array) -> NDArray[np.int32]:
    """Indices of the listed items' held-out ratings; row j of `held_out` belongs to list j."""
    n_items = held_out.shape[1]
    rows, items = _stored(held_out)
    stored = rows * n_items + items
    wanted = np.arange(len(lists))[:, None] * n_items + lists
    nearest = np.minimum(np.searchsorted(stored, wanted), len(stored) - 1)
    is_stored = (lists >= 0) & (stored[nearest] == wanted)
    return np.where(is_stored, held_out.data[nearest], np.int32(-1))


def _blocks(n: int, size: int) -> Iterator[slice]:
    starts = range(0, n, size)
    return progress((slice(start, start + size) for start in starts), "user blocks", len(starts))


def _blocks_of_pairs(n_pairs: NDArray[np.int64], size: int) -> Iterator[slice]:
    """Split users, who have `n_pairs` pairs each, into blocks of about `size` pairs."""
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
