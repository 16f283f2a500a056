"""The kernels of parallel per-rating SGD.

For a rating r of item i by user u, with z = q_i + C_i V and the error e = r - r_hat clipped to
[-clip, clip], every term moves along the negative gradient of (e^2 + penalties) / 2, all from the
values before the step:

    b_u += lr (e - reg_b b_u)             p_u += lr (e z - reg p_u)
    b_i += lr (e - reg_b b_i)             q_i += lr (e p_u - reg q_i)
    w_u += lr (e C_i - reg_w w_u)         V_t += lr (e C_it p_u - reg_v V_t)  for words t of item i

The penalty of w_u affects all words of the vocabulary although C_i has few. It is stored as
w_u = s_u v_u with one number s_u per user: shrinking w_u multiplies s_u, and only the words of
the item are written (L. Bottou, "Stochastic Gradient Descent Tricks", 2012, section 5.1).

The order of operations and the rounding are fixed; tests compare the bits with a sequential
implementation. A term that a variant does not have is passed as None; Numba compiles one kernel per
variant, without the branches of absent terms. Kernels without a decorator are called from Python,
through `blendmf.training.kernels.compiled`. Shared arguments:

mu : float
b_u, b_i : ndarray of shape (n_users,) and (n_items,), or None
P, Q, V : matrices of rows (see `blendmf.training.kernels.vector_rows`) of shape (n_users, width),
    (n_items, width) and (n_terms, width), or None
W, scale : ndarray of shape (n_users, n_terms) and (n_users,), or None
    v_u and s_u, such that w_u = scale[u] * W[u].
C : (indptr, indices, data)
    CSR arrays of the content matrix.
lanes : tuple
    Width of a row.
step : (lr, keep, keep_b, keep_w, keep_v, clip)
    In the precision of the parameters; keep = 1 - lr reg is the factor by which a step shrinks a
    row of P or Q, and likewise for the other penalties.
users, items, ratings : ndarray of shape (n + AHEAD,)
    Parameter rows in block order and ratings; the last AHEAD entries are padding.
"""

import math

import numpy as np
from numba import njit

from blendmf.training.kernels.atomics import publish, read_published, take_next
from blendmf.training.kernels.vector_rows import (
    dot,
    fused,
    load_row,
    prefetch_row,
    scaled,
    store_row,
)

SMALLEST_SCALE = 1e-4
"""Value of s_u below which it is multiplied into v_u, to prevent underflow."""

AHEAD = 16
"""Distance from the current rating to the one whose rows are prefetched into the cache."""

NOTHING = -1
"""Task number for "no task": none is left, or none is held back."""

NEXT, PROCESSED, MERGED = 0, 1, 2
"""Counters of an epoch: tasks started, cells processed, slices of V merged."""

PIECE = 1 << 16
"""Number of ratings whose squared errors one thread sums at a time."""

SLICES = 16
"""Number of tasks into which a merge of V's copies is divided."""


def run_cells(
    held_back, counters, progress, user_order, item_order, starts,
    users, items, ratings, mu, b_u, b_i, P, Q, V, W, scale, C, lanes, step,
):  # fmt: skip
    """Process cells of the grid until none is left, in parallel with other threads.

    In round r, user block ``user_order[t]`` meets item block ``item_order[(t + r) % B]``. A cell
    may be processed as soon as its two blocks have completed all earlier rounds.

    Parameters
    ----------
    held_back : int
        Task that an earlier call returned, or NOTHING.
    counters, progress : ndarray of int64, of shape (3,) and (2 B,)
        Shared by the threads, zero at the start of an epoch; `progress` holds the number of rounds
        that each user block, then each item block, has completed.

    Returns
    -------
    int
        NOTHING at the end, else a task whose blocks are still in use; call again with it.
    """
    n_blocks = len(user_order)
    while True:
        task = take_next(counters, NEXT) if held_back == NOTHING else held_back
        held_back = NOTHING
        if task >= n_blocks * n_blocks:
            return NOTHING
        round_, turn = task // n_blocks, task % n_blocks
        j, k = user_order[turn], item_order[(turn + round_) % n_blocks]
        if min(read_published(progress, j), read_published(progress, n_blocks + k)) < round_:
            return task
        cell = j * n_blocks + k
        sgd_cell(
            starts[cell], starts[cell + 1], users, items, ratings,
            mu, b_u, b_i, P, Q, V, None, W, scale, C, lanes, step,
        )  # fmt: skip
        publish(progress, j)
        publish(progress, n_blocks + k)


def run_cells_and_merges(
    held_back, counters, copies, n_moves, shrinkage, user_order, item_order, starts,
    users, items, ratings, mu, b_u, b_i, P, Q, V, W, scale, C, lanes, step,
):  # fmt: skip
    """Like `run_cells`, with factors of words: each round ends with a merge of their copies.

    Parameters
    ----------
    copies : ndarray of shape (B, n_terms, width)
        V of each user block.
    n_moves : ndarray of uint32, of shape (B, n_terms)
        Number of times each word of a copy has moved since the last merge.
    shrinkage : ndarray of shape (n_terms,)
        See `merge_copies`.
    """
    n_blocks = len(user_order)
    n_terms = np.int64(len(V))
    while True:
        task = take_next(counters, NEXT) if held_back == NOTHING else held_back
        held_back = NOTHING
        round_, turn = task // (n_blocks + SLICES), task % (n_blocks + SLICES)
        if round_ >= n_blocks:
            return NOTHING
        if turn < n_blocks:
            if read_published(counters, MERGED) < round_ * SLICES:
                return task
            j, k = user_order[turn], item_order[(turn + round_) % n_blocks]
            cell = j * n_blocks + k
            sgd_cell(
                starts[cell], starts[cell + 1], users, items, ratings,
                mu, b_u, b_i, P, Q, copies[j], n_moves[j], W, scale, C, lanes, step,
            )  # fmt: skip
            publish(counters, PROCESSED)
        else:
            if read_published(counters, PROCESSED) < (round_ + 1) * n_blocks:
                return task
            part = turn - n_blocks
            first, last = part * n_terms // SLICES, (part + 1) * n_terms // SLICES
            merge_copies(first, last, V, copies, n_moves, shrinkage, lanes)
            publish(counters, MERGED)


@njit(error_model="numpy")
def merge_copies(first, last, V, copies, n_moves, shrinkage, lanes):
    """Merge the copies of V after a round, words first to last - 1.

    A word that cell j has moved n_j times has covered about 1 - (1 - h)^n_j of the distance to its
    optimum, where h is its `shrinkage`. In sequence, the cells would have covered 1 - (1 - h)^n,
    where n is the sum of all n_j. The sum of the cells' moves is scaled by the ratio of the latter
    to the sum of the former: about 1 for a rare word, about 1 / B for one that is frequent in all
    cells. All copies start the next round equal.
    """
    n_blocks = len(copies)
    for t in range(first, last):
        total, apart = 0, 0.0
        log_left = math.log1p(-shrinkage[t])
        for j in range(n_blocks):
            total += n_moves[j, t]
            apart -= math.expm1(n_moves[j, t] * log_left)
        if total == 0:
            continue
        share = V.dtype.type(-math.expm1(total * log_left) / apart if apart else 1.0)
        start = load_row(V, t, lanes)
        merged = start
        for j in range(n_blocks):
            if n_moves[j, t]:
                move = fused(V.dtype.type(-1), start, load_row(copies[j], t, lanes))
                merged = fused(share, move, merged)
                n_moves[j, t] = 0
        store_row(V, t, merged)
        for j in range(n_blocks):
            store_row(copies[j], t, merged)


@njit(error_model="numpy")
def sgd_cell(
    first, last, users, items, ratings, mu, b_u, b_i, P, Q, V, n_moves, W, scale, C, lanes, step
):
    """Process the ratings first to last - 1 and update the parameters in place.

    `n_moves`, of shape (n_terms,), counts the moves of each word, unless it is None.
    """
    lr, keep, keep_b, keep_w, keep_v, clip = step
    indptr, indices, data = C
    zero = mu - mu
    ahead = np.uint64(AHEAD)
    for n in range(first, last):
        if P is not None:
            prefetch_row(P, users[n + ahead], lanes)
            if Q is not None:
                prefetch_row(Q, items[n + ahead], lanes)
        u, i = users[n], items[n]
        begin, end = indptr[i], indptr[i + 1]

        score = mu
        if b_u is not None:
            score += b_u[u]
        if b_i is not None:
            score += b_i[i]
        if P is not None:
            p = load_row(P, u, lanes)
            if Q is not None:
                q = load_row(Q, i, lanes)
                z = q
            else:
                z = scaled(zero, p)
            if V is not None:
                for k in range(begin, end):
                    z = fused(data[k], load_row(V, indices[k], lanes), z)
            score += dot(p, z)
        if W is not None:
            own = zero
            for k in range(begin, end):
                own = fused(W[u, indices[k]], data[k], own)
            score += scale[u] * own

        e = lr * min(max(ratings[n] - score, -clip), clip)

        if b_u is not None:
            b_u[u] = keep_b * b_u[u] + e
        if b_i is not None:
            b_i[i] = keep_b * b_i[i] + e
        if P is not None:
            gradient = scaled(e, p)
            store_row(P, u, fused(e, z, scaled(keep, p)))
            if Q is not None:
                store_row(Q, i, fused(e, p, scaled(keep, q)))
            if V is not None:
                for k in range(begin, end):
                    t = indices[k]
                    if n_moves is not None:
                        n_moves[t] += np.uint32(1)
                    store_row(V, t, fused(data[k], gradient, scaled(keep_v, load_row(V, t, lanes))))
        if W is not None:
            scale[u] *= keep_w
            own_step = e / scale[u]
            for k in range(begin, end):
                W[u, indices[k]] += own_step * data[k]
            if scale[u] < SMALLEST_SCALE:
                for t in range(W.shape[1]):
                    W[u, t] *= scale[u]
                scale[u] = 1


def sum_squared_errors(
    counters, sums, n, users, items, ratings, mu, b_u, b_i, P, Z, W, scale, C, low, high, lanes
):
    """Sum (r - r_hat)^2 over pieces of PIECE ratings, with r_hat clipped to [low, high].

    Parameters
    ----------
    counters : ndarray of int64, of shape (3,)
        Shared by the threads, zero at the start.
    sums : ndarray of float64, of shape (pieces,)
        Written: the sum over each piece, which does not depend on the thread.
    n : int
        Number of ratings.
    Z : matrix of rows, of shape (n_items, width), or None
        q_i + C_i V.
    """
    indptr, indices, data = C
    zero = mu - mu
    ahead = np.uint64(AHEAD)
    while True:
        piece = take_next(counters, NEXT)
        if piece >= len(sums):
            return
        total = 0.0
        for m in range(np.uint64(piece * PIECE), np.uint64(min(n, (piece + 1) * PIECE))):
            if P is not None:
                prefetch_row(P, users[m + ahead], lanes)
                prefetch_row(Z, items[m + ahead], lanes)
            u, i = users[m], items[m]
            score = mu
            if b_u is not None:
                score += b_u[u]
            if b_i is not None:
                score += b_i[i]
            if P is not None:
                score += dot(load_row(P, u, lanes), load_row(Z, i, lanes))
            if W is not None:
                own = zero
                for k in range(indptr[i], indptr[i + 1]):
                    own = fused(W[u, indices[k]], data[k], own)
                score += scale[u] * own
            e = ratings[m] - min(max(score, low), high)
            total += e * e
        sums[piece] = total
