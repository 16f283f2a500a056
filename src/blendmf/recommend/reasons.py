"""Reasons of a prediction: the largest of its additive parts and of the user's ratings."""

from collections.abc import Callable
from functools import partial

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.models.additive_parts import AdditiveParts, additive_parts
from blendmf.models.model import Model
from blendmf.models.observations import Positions
from blendmf.models.rating_influence import Influence, rating_influence

MOST_WORDS, MOST_FACTORS, MOST_NEIGHBOURS = 4, 3, 4
"""Maximum numbers of reasons of each kind."""

LEAST_SHARE = 1 / 50
"""Smallest amount of all but the first word, factor or rating, as a share of the rating range."""

Reason = tuple[str, int | None, float]
"""Kind, what it refers to (a word, factor or item), and amount in rating units."""

Largest = Callable[[str, NDArray[np.integer], NDArray[np.float64], int], list[Reason]]


def reasons_of(
    model: Model,
    users: Positions,
    items: Positions,
    rated: sp.csr_array,
    index_of_item: NDArray[np.int64],
    *,
    words: sp.csr_array | None,
    penalty: float | None,
    decimals: int,
    least: float,
) -> list[list[Reason]]:
    """Reasons of the scores of n pairs, sorted by user.

    The kinds are ``base`` (mean rating), ``user`` and ``item`` (biases), ``word`` (column of
    `words`), ``factor`` (number), ``rest`` (all other parts), and ``neighbour`` (a rated item).
    All but the last add up to the rounded score; ``neighbour`` is another view of
    the same score: the influence of the user's rating on it.

    Parameters
    ----------
    model : Model
    users, items : ndarray of int64, of shape (n,)
        Positions; equal users follow each other.
    rated : csr_array of shape (n_distinct_users, n_items)
        Ratings by each distinct user, in the order of `users`, that the model was fitted on.
    index_of_item : ndarray of int64, of shape (n_items,)
        What to call each item; one with -1 is no reason.
    words, penalty
        See `additive_parts` and `rating_influence`.
    decimals : int
        Decimals of the amounts.
    least : float
        Smallest absolute amount of all words, factors or ratings but the largest.
    """
    if not len(users):
        return []
    largest = partial(_largest, decimals=decimals, least=least)
    parts = additive_parts(model, users, items, words)
    influence = rating_influence(model, penalty)
    starts = np.flatnonzero(np.diff(users, prepend=-1))
    found: list[list[Reason]] = []
    for row, (start, end) in enumerate(zip(starts, [*starts[1:], len(users)], strict=True)):
        own = slice(rated.indptr[row], rated.indptr[row + 1])
        neighbours = _neighbours(
            influence,
            int(users[start]),
            items[start:end],
            rated.indices[own].astype(np.int64),
            rated.data[own].astype(np.float64),
            index_of_item,
            largest,
        )
        for pair, of_ratings in zip(range(start, end), neighbours, strict=True):
            found.append([*_additive(parts, pair, largest, decimals), *of_ratings])
    return found


def _additive(parts: AdditiveParts, pair: int, largest: Largest, decimals: int) -> list[Reason]:
    """The additive reasons of a pair; `rest` absorbs what is not named, and the rounding."""
    own_terms = ("base", parts.base), ("user", parts.user[pair]), ("item", parts.item[pair])
    shown: list[Reason] = [
        (kind, None, amount)
        for kind, exact in own_terms
        if (amount := round(float(exact), decimals))
    ]
    words = parts.words
    own = slice(words.indptr[pair], words.indptr[pair + 1])
    shown += largest("word", words.indices[own], words.data[own], MOST_WORDS)
    factors = parts.factors[pair]
    shown += largest("factor", np.arange(len(factors)), factors, MOST_FACTORS)
    score = parts.base + parts.user[pair] + parts.item[pair] + parts.other[pair]
    score += words.data[own].sum() + factors.sum()
    named = sum(amount for _, _, amount in shown)
    rest = round(round(float(score), decimals) - named, decimals)
    return [*shown, ("rest", None, rest)] if rest else shown


def _neighbours(
    influence: Influence | None,
    user: int,
    items: Positions,
    rated: Positions,
    ratings: NDArray[np.float64],
    index_of_item: NDArray[np.int64],
    largest: Largest,
) -> list[list[Reason]]:
    """The most influential ratings for each of a user's items."""
    if influence is None or not len(rated):
        return [[] for _ in items]
    names = index_of_item[rated]
    amounts = influence(user, items, rated, ratings)[:, names >= 0]
    names = names[names >= 0]
    return [largest("neighbour", names, of_item, MOST_NEIGHBOURS) for of_item in amounts]


def _largest(
    kind: str,
    names: NDArray[np.integer],
    amounts: NDArray[np.float64],
    most: int,
    *,
    decimals: int,
    least: float,
) -> list[Reason]:
    """At most `most` reasons by absolute amount, those after the first of `least` or more."""
    order = np.argsort(-np.abs(amounts), kind="stable")[:most]
    return [
        (kind, int(names[n]), round(float(amounts[n]), decimals))
        for place, n in enumerate(order)
        if (place == 0 or abs(amounts[n]) >= least) and round(float(amounts[n]), decimals)
    ]
