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

from blendmf.data.observations import Observations
from blendmf.evaluation.ranking import RankedLists, places
from blendmf.evaluation.rating import PAIRS_PER_BLOCK
from blendmf.evaluation.top_k import top_k
from blendmf.log import progress
from blendmf.models.model import Model

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
        Row j belongs to ``users[j]`` and to ``full_users[j]``.
    times_listed : ndarray of int64, of shape (n_items,)
        In how many lists of the full protocol each item is.
    """

    users: NDArray[np.int64]
    rated: RankedLists
    full_users: NDArray[np.int64]
    full: RankedLists
    times_listed: NDArray[np.int64]


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
    held_out = test.to_matrix()
    users = np.flatnonzero(np.diff(held_out.indptr))
    if full_users is None:
        full_users = users
    is_relevant = test.ratings >= relevance_threshold
    n_relevant = np.bincount(test.users[is_relevant], minlength=test.shape[0])
    n_held_out = np.diff(held_out.indptr).astype(np.int64)
    n_unseen = test.shape[1] - sum(np.diff(part.indptr).astype(np.int64) for part in seen)

    rated_hits = np.zeros((len(users), k), dtype=np.bool_)
    for block in _blocks_of_pairs(n_held_out[users], pairs_per_block):
        rated_hits[block] = _rated_hits(
            model, users[block], held_out[users[block]], k, relevance_threshold
        )
    full_hits = np.zeros((len(full_users), k), dtype=np.bool_)
    times_listed = np.zeros(test.shape[1], dtype=np.int64)
    for block in _blocks(len(full_users), max(1, scores_per_block // test.shape[1])):
        own = full_users[block]
        lists = top_k(unseen_scores(model, own, [part[own] for part in seen]), k)
        full_hits[block] = _are_relevant(lists, held_out[own], relevance_threshold)
        times_listed += np.bincount(lists[lists >= 0], minlength=test.shape[1])
    return Rankings(
        users,
        RankedLists(rated_hits, n_relevant[users], n_held_out[users]),
        full_users,
        RankedLists(full_hits, n_relevant[full_users], n_unseen[full_users]),
        times_listed,
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


def _rated_hits(
    model: Model, users: NDArray[np.int64], held_out: sp.csr_array, k: int, threshold: float
) -> NDArray[np.bool_]:
    """Hits of the rated protocol; row j of `held_out` belongs to ``users[j]``."""
    rows, items = _stored(held_out)
    place = places(rows, items, _finite(model.score_pairs(users[rows], items), model))
    listed = place < k
    hits = np.zeros((len(users), k), dtype=np.bool_)
    hits[rows[listed], place[listed]] = held_out.data[listed] >= threshold
    return hits


def _are_relevant(
    lists: NDArray[np.int64], held_out: sp.csr_array, threshold: float
) -> NDArray[np.bool_]:
    """Which listed items are relevant held-out ones; -1 in `lists` is no item."""
    n_items = held_out.shape[1]
    rows, items = _stored(held_out)
    relevant = (rows * n_items + items)[held_out.data >= threshold]
    pairs = np.arange(len(lists))[:, None] * n_items + lists
    hits: NDArray[np.bool_] = (lists >= 0) & np.isin(pairs, relevant)
    return hits


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
