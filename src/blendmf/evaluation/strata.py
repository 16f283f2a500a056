"""Metrics within each bin of each stratum.

Ranked lists are not recomputed for each bin: each user's list is that of the whole held-out part.
The metrics of a bin are means over the users with held-out ratings in it. Only relevant held-out
ratings of the bin count, as hits, in recall and in the ideal list. So a bin of items or a year
measures how well its ratings are predicted and ranked among all candidates.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.evaluation.bins import OPEN, Stratum
from blendmf.evaluation.metrics import METRICS, ranking_metrics
from blendmf.evaluation.ranked_lists import ProtocolLists, Rankings
from blendmf.evaluation.ranking_metrics import RankedLists, catalogue_metrics, count_listed
from blendmf.evaluation.rating_metrics import rating_metrics, rmse_interval, sum_by_user
from blendmf.models.observations import Observations

KEYS = ["stratum", "bin", "lower", "upper"]

COUNTS = [
    *("n_ratings", "n_users", "n_users_with_relevant"),
    *("n_full_users", "n_full_users_with_relevant", "n_items", "n_catalogue"),
]

VALUES = [
    *("rmse", "rmse_low", "rmse_high", "mae", "user_rmse", "user_mae"),
    *(f"rated_{name}" for name in METRICS),
    *(f"full_{name}" for name in METRICS),
    *("full_coverage", "full_novelty"),
]

STRATA_COLUMNS = [*KEYS, *COUNTS, *VALUES]
"""`KEYS` and `COUNTS` depend only on the split; `VALUES` also depend on the model."""


@dataclass(frozen=True, eq=False)
class Scored:
    """A model's errors and ranked lists on the held-out part, and numbers of training ratings.

    Attributes
    ----------
    test : Observations
        The held-out part.
    is_relevant : ndarray of bool, of shape (n,)
        Whether each held-out rating is relevant.
    errors : ndarray of float64, of shape (n,)
        Predicted minus observed rating; NaN if the model predicts no ratings.
    rankings : Rankings
        Ranked lists of both protocols.
    n_train_of_user, n_train_of_item : ndarray of int64, of shape (n_users,) and (n_items,)
        Number of training ratings of each user and of each item.
    """

    test: Observations
    is_relevant: NDArray[np.bool_]
    errors: NDArray[np.float64]
    rankings: Rankings
    n_train_of_user: NDArray[np.int64]
    n_train_of_item: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Bin:
    """The held-out ratings of one bin.

    Attributes
    ----------
    number : int
        Index of the bin in its stratum.
    ratings : ndarray of int64, of shape (n,)
        Indices of the bin's ratings in the held-out part.
    n_of_user, n_relevant_of_user : ndarray of int64, of shape (n_users,)
        Number of ratings, and of relevant ratings, that each user has in the bin.
    """

    number: int
    ratings: NDArray[np.int64]
    n_of_user: NDArray[np.int64]
    n_relevant_of_user: NDArray[np.int64]


def strata_table(scored: Scored, strata: Sequence[Stratum]) -> pd.DataFrame:
    """Compute every metric in each bin of each stratum.

    Returns
    -------
    DataFrame
        Columns `STRATA_COLUMNS`, one row per bin; the metrics of empty bins are NaN.

        ``n_ratings``, ``n_users``, ``n_items``
            Held-out ratings in the bin, and their distinct users and items.
        ``n_users_with_relevant``, ``n_full_users``, ``n_full_users_with_relevant``
            Users of ``n_users`` with a relevant rating in the bin; users of ``n_users`` ranked by
            the full protocol; users that are both.
        ``rmse``, ``mae``, ``user_rmse``, ``user_mae``
            See `rating_metrics`; ``rmse_low`` and ``rmse_high`` are `rmse_interval`.
        ``rated_*``, ``full_*``
            Mean over the bin's users; a user without relevant ratings in the bin counts as 0. The
            candidates are not limited to the bin, not even in ``precision_at_min_k_n``.
        ``full_coverage``
            Share of the ``n_catalogue`` items that appear in at least one list. If the stratum
            divides the items, these are the items of the bin and the lists of all users; otherwise
            all items and the lists of the bin's users.
        ``full_novelty``
            Novelty of the lists of the bin's users, see `catalogue_metrics`. NaN if the stratum
            divides the items, since the items of a bin are about equally popular.
    """
    rows = [row for stratum in strata for row in _rows(scored, stratum)]
    table = pd.DataFrame(rows, columns=STRATA_COLUMNS)
    return table.astype(dict.fromkeys(("lower", "upper"), "Int64"))


def _rows(scored: Scored, stratum: Stratum) -> Iterator[dict[str, Any]]:
    rankings = scored.rankings
    rated_bins, full_bins = (
        # For each position of each list, the bin of the rating if it is a hit, otherwise -1.
        np.where(lists.hits, stratum.of_rating[lists.found], np.int16(-1))
        for lists in (rankings.rated, rankings.full)
    )
    ends = zip(stratum.labels(), stratum.lower, stratum.upper, strict=True)
    for (label, lower, upper), of_bin in zip(ends, _bins(scored, stratum), strict=True):
        rated, n_users, n_with = _ranking(of_bin, rankings.rated, rated_bins)
        full, n_full, n_full_with = _ranking(of_bin, rankings.full, full_bins)
        yield {
            "stratum": stratum.name,
            "bin": label,
            "lower": lower,
            "upper": None if upper == OPEN else upper,
            "n_ratings": len(of_bin.ratings),
            "n_users": n_users,
            "n_users_with_relevant": n_with,
            "n_full_users": n_full,
            "n_full_users_with_relevant": n_full_with,
            "n_items": len(np.unique(scored.test.items[of_bin.ratings])),
            **_rating(scored, of_bin),
            **{f"rated_{name}": value for name, value in rated.items()},
            **{f"full_{name}": value for name, value in full.items()},
            **_catalogue(scored, stratum, of_bin),
        }


def _bins(scored: Scored, stratum: Stratum) -> Iterator[Bin]:
    """Yield the bins in order. Sorting the ratings once is faster than a mask per bin."""
    test, n_bins = scored.test, len(stratum.lower)
    order = np.argsort(stratum.of_rating, kind="stable")
    ends = np.cumsum(np.bincount(stratum.of_rating, minlength=n_bins))
    for number, ratings in enumerate(np.split(order, ends[:-1])):
        users = test.users[ratings]
        relevant = users[scored.is_relevant[ratings]]
        counts = (np.bincount(own, minlength=test.shape[0]) for own in (users, relevant))
        yield Bin(number, ratings, *counts)


def _ranking(
    of_bin: Bin, lists: ProtocolLists, bins_of_hits: NDArray[np.int16]
) -> tuple[dict[str, float], int, int]:
    """Mean metrics of the bin's users, number of users, and how many have relevant ratings."""
    n_users = int(np.count_nonzero(of_bin.n_of_user[lists.users]))
    if n_users == 0:
        return {}, 0, 0
    n_relevant = of_bin.n_relevant_of_user[lists.users]
    hits = bins_of_hits == of_bin.number
    # Skip lists without hits, since all their metrics are 0; in most bins these are most lists.
    hit = np.flatnonzero(hits.any(axis=1))
    values = ranking_metrics(RankedLists(hits[hit], n_relevant[hit], lists.n_candidates[hit]))
    means = {name: float(of_users.sum() / n_users) for name, of_users in values.items()}
    return means, n_users, int(np.count_nonzero(n_relevant))


def _rating(scored: Scored, of_bin: Bin) -> dict[str, float]:
    """Rating metrics of the bin; empty if it has no ratings or the model predicts none."""
    test, errors = scored.test, scored.errors[of_bin.ratings]
    if len(errors) == 0 or np.isnan(errors).any():
        return {}
    users = test.users[of_bin.ratings]
    own = np.flatnonzero(of_bin.n_of_user)
    squared, absolute = (
        sum_by_user(users, of_rating, test.shape[0])[own]
        for of_rating in (errors**2, np.abs(errors))
    )
    low, high = rmse_interval(squared, of_bin.n_of_user[own])
    metrics = rating_metrics(squared, absolute, of_bin.n_of_user[own])
    return {"rmse_low": low, "rmse_high": high} | metrics


def _catalogue(scored: Scored, stratum: Stratum, of_bin: Bin) -> dict[str, float | int]:
    """Catalogue metrics: the bin's items in all lists, or all items in the bin's users' lists."""
    rankings, n_train = scored.rankings, scored.n_train_of_item
    if stratum.of_item is None:
        own = np.ones(len(n_train), dtype=np.bool_)
        lists = rankings.full_items[of_bin.n_of_user[rankings.full.users] > 0]
    else:
        own = stratum.of_item == of_bin.number
        lists = rankings.full_items
    n_catalogue = int(np.count_nonzero(own))
    if n_catalogue == 0 or len(lists) == 0:
        return {"n_catalogue": n_catalogue}
    times_listed = count_listed(lists, len(n_train))[own]
    n_train_users = int(np.count_nonzero(scored.n_train_of_user))
    metrics = catalogue_metrics(times_listed, n_train[own], n_train_users)
    novelty = metrics["novelty"] if stratum.of_item is None else np.nan
    coverage = metrics["coverage"]
    return {"n_catalogue": n_catalogue, "full_coverage": coverage, "full_novelty": novelty}
