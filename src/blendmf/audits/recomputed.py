"""Second computation, from the tables, of every statistic that is fitted in closed form.

It deliberately uses other algorithms than the pipeline: an error in either shows as a difference.
"""

from collections import Counter
from functools import cached_property

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, DTypeLike, NDArray

from blendmf.config.protocol import ContentSettings
from blendmf.data.content import TERMS_OF

SWEEPS = 10
"""Sweeps of `blendmf.models.baselines.fit_bias`."""

DRIFT_SHRINKAGE = (15.0, 10.0, 10.0)
"""Pseudo-counts of user biases, item biases and slopes in `blendmf.models.drift`."""

NEXT_PLACE = 0.5
"""Place of a user's next rating, used if there are no validation ratings."""


class RecomputedRatings:
    """Statistics of the ratings; columns ``user_id, item_id, rating, timestamp``."""

    def __init__(self, train: pd.DataFrame, validation: pd.DataFrame, test: pd.DataFrame) -> None:
        self.train, self.validation, self.test = train, validation, test
        self.user_ids, self.item_ids = (
            pd.Index(sorted(set().union(*(p[name].unique() for p in (train, validation, test)))))
            for name in ("user_id", "item_id")
        )

    @cached_property
    def mean(self) -> float:
        """Mean training rating."""
        return float(self.train["rating"].to_numpy().sum(dtype=np.float64)) / len(self.train)

    @cached_property
    def mean_of_both(self) -> float:
        """Mean of the training and the validation ratings."""
        ratings = pd.concat([self.train["rating"], self.validation["rating"]])
        return float(ratings.to_numpy(dtype=np.float64).mean())

    @cached_property
    def n_train(self) -> NDArray[np.int64]:
        """Training ratings of each item, of shape (n_items,)."""
        counts = self.train["item_id"].value_counts().reindex(self.item_ids, fill_value=0)
        return np.asarray(counts, dtype=np.int64)

    @cached_property
    def places(self) -> dict[str, NDArray[np.float64]]:
        """Places of the training and of the validation ratings, in the order of the tables.

        The place is the share of the user's training ratings that are older, ties counted by half,
        minus 1/2; 0 for a user without training ratings. It is computed from ranks: the rank of a
        validation rating among both parts minus its rank in its own part is the number of older
        training ratings.
        """
        moments = ["user_id", "timestamp"]
        both = pd.concat([self.train[moments], self.validation[moments]], ignore_index=True)
        ranks = {
            "train": _ranks(self.train) - 0.5,
            "validation": _ranks(both)[len(self.train) :] - _ranks(self.validation),
        }
        n_of_user = self.train["user_id"].value_counts()
        places = {}
        for part, rank in ranks.items():
            n = getattr(self, part)["user_id"].map(n_of_user).fillna(0).to_numpy(dtype=np.float64)
            places[part] = np.where(n > 0, rank / np.maximum(n, 1) - 0.5, 0.0)
        return places

    def matrix(self, part: str, values: ArrayLike, dtype: DTypeLike = np.float32) -> sp.csr_array:
        """Values of a part's ratings, of shape (n_users, n_items)."""
        rows, columns = self._positions(getattr(self, part))
        order = np.lexsort((columns, rows))
        starts = np.searchsorted(rows[order], np.arange(len(self.user_ids) + 1))
        data = np.asarray(values, dtype=dtype)[order]
        return sp.csr_array(
            (data, columns[order], starts), shape=(len(self.user_ids), len(self.item_ids))
        )

    def biases(
        self, user_shrinkage: float, item_shrinkage: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """User and item biases, of shape (n_users,) and (n_items,), by shrunken means."""
        rows, columns = self._positions(self.train)
        centred = self.train["rating"].to_numpy(dtype=np.float64) - self.mean
        of_user, of_item = np.zeros(len(self.user_ids)), np.zeros(len(self.item_ids))
        for _ in range(SWEEPS):
            left = centred - of_user[rows]
            of_item = _shrunken_means(columns, left, len(of_item), item_shrinkage)
            left = centred - of_item[columns]
            of_user = _shrunken_means(rows, left, len(of_user), user_shrinkage)
        return of_user, of_item

    def mean_without_drift(self, low: float, high: float) -> float:
        """Mean training rating after moving each rating along its user's slope.

        Ratings move to the mean place of the validation ratings. Predictions from biases are
        clipped to `low` and `high`.
        """
        user_shrinkage, item_shrinkage, slope_shrinkage = DRIFT_SHRINKAGE
        of_user, of_item = self.biases(user_shrinkage, item_shrinkage)
        rows, columns = self._positions(self.train)
        expected = np.clip(self.mean + of_user[rows] + of_item[columns], low, high)
        left = self.train["rating"].to_numpy(dtype=np.float64) - expected
        places = self.places["train"]
        of_rating = pd.DataFrame({"squares": places**2, "products": places * left})
        by_user = of_rating.groupby(self.train["user_id"].to_numpy())[["squares", "products"]].sum()
        total = by_user.sum()
        common = total["products"] / (total["squares"] + slope_shrinkage)
        slopes = common + (by_user["products"] - common * by_user["squares"]) / (
            by_user["squares"] + slope_shrinkage
        )
        target = self.places["validation"].mean() if len(self.validation) else NEXT_PLACE
        moves = slopes.reindex(self.train["user_id"]).to_numpy() * (target - places)
        return self.mean + float(moves.mean())

    def _positions(self, part: pd.DataFrame) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        rows = self.user_ids.get_indexer(pd.Index(part["user_id"])).astype(np.int32)
        return rows, self.item_ids.get_indexer(pd.Index(part["item_id"])).astype(np.int32)


def used_tags(tags: pd.DataFrame, train: pd.DataFrame, settings: ContentSettings) -> pd.DataFrame:
    """Tags that the content uses."""
    if "tags" not in settings.parts:
        return tags.iloc[:0]
    if settings.tags == "all":
        return tags
    of_authors = train[train["user_id"].isin(tags["user_id"])]
    last = of_authors.groupby("user_id", as_index=False).agg(last=("timestamp", "max"))
    rated = of_authors[["user_id", "item_id"]].drop_duplicates()
    numbered = tags.assign(row=np.arange(len(tags)))
    known = numbered.merge(rated, on=["user_id", "item_id"]).merge(last, on="user_id")
    return tags.iloc[np.sort(known.loc[known["timestamp"] <= known["last"], "row"].to_numpy())]


def term_counts(items: pd.DataFrame, used: pd.DataFrame, settings: ContentSettings) -> pd.DataFrame:
    """Count each item's terms: columns ``row``, ``term`` (written ``part:term``) and ``n``."""
    text = used.groupby("item_id")["tag"].agg(" ".join).to_dict()
    counts: list[tuple[int, str, int]] = []
    for number, item in enumerate(items.to_dict("records")):
        described = {**item, "tags": text.get(item["item_id"], "")}
        terms = (f"{p}:{term}" for p in settings.parts for term in TERMS_OF[p](described))
        counts.extend((number, term, n) for term, n in Counter(terms).items())
    table = pd.DataFrame(counts, columns=["row", "term", "n"])
    return table.astype({"row": np.int64, "term": "str", "n": np.int64})


def vocabulary(
    counts: pd.DataFrame, settings: ContentSettings, n_items: int, preferred: pd.Index
) -> pd.DataFrame:
    """Most frequent terms, in alphabetical order: index ``term``, ``document_frequency``, ``idf``.

    Which of several equally frequent terms are cut at ``max_terms`` is arbitrary; those in
    `preferred` are kept.
    """
    by_term = counts.groupby("term")["n"].agg(total="sum", document_frequency="size")
    frequent = by_term[by_term["document_frequency"] >= settings.min_items]
    ranked = frequent.assign(other=~frequent.index.isin(preferred)).sort_values(
        ["total", "other", "term"], ascending=[False, True, True]
    )
    kept = ranked.head(settings.max_terms).sort_index()
    frequency = kept["document_frequency"].to_numpy(dtype=np.float64)
    if settings.idf == "textbook":
        return kept.assign(idf=np.maximum(np.log(n_items / (1 + frequency)), 0.0))
    return kept.assign(idf=np.log((1 + n_items) / (1 + frequency)) + 1)


def tfidf(counts: pd.DataFrame, kept: pd.DataFrame, n_items: int) -> sp.csr_array:
    """TF-IDF rows of length 1, of shape (n_items, n_terms), with the columns in `kept`'s order."""
    own = counts[counts["term"].isin(kept.index)]
    rows, columns = own["row"].to_numpy(), kept.index.get_indexer(pd.Index(own["term"]))
    values = own["n"].to_numpy() * kept["idf"].to_numpy()[columns]
    length = np.sqrt(np.bincount(rows, values**2, minlength=n_items))
    scaled = (values / np.where(length > 0, length, 1.0)[rows]).astype(np.float32)
    return sp.csr_array((scaled, (rows, columns)), shape=(n_items, len(kept)))


def _ranks(ratings: pd.DataFrame) -> NDArray[np.float64]:
    """Rank of each rating by time among the user's ratings, from 1; ties are averaged."""
    ranks = ratings.groupby("user_id", sort=False)["timestamp"].rank(method="average")
    return np.asarray(ranks, dtype=np.float64)


def _shrunken_means(
    positions: NDArray[np.int32], values: NDArray[np.float64], n: int, shrinkage: float
) -> NDArray[np.float64]:
    weight = np.bincount(positions, minlength=n) + shrinkage
    return np.bincount(positions, values, minlength=n) / np.where(weight > 0, weight, 1.0)
