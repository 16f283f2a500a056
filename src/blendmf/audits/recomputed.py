"""Everything that is fitted without training by epochs, computed a second time from the tables.

The ways differ from those of the pipeline on purpose: plain tables and ids, no matrices.
"""

from collections import Counter

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.config.protocol import ContentSettings
from blendmf.data.content import TERMS_OF

SWEEPS = 10
"""As many as `blendmf.models.baselines.fit_bias` makes."""


def mean_rating(train: pd.DataFrame) -> float:
    """Mean of the training ratings."""
    return float(train["rating"].to_numpy().sum(dtype=np.float64)) / len(train)


def distinct(column: str, *parts: pd.DataFrame) -> pd.Index:
    """Ids that occur in any of some parts, in order."""
    return pd.Index(sorted(set().union(*(part[column].unique() for part in parts))), name=column)


def n_ratings(train: pd.DataFrame, item_ids: pd.Index) -> NDArray[np.int64]:
    """Training ratings of each item, of shape (n_items,)."""
    counts = train["item_id"].value_counts().reindex(item_ids, fill_value=0)
    return np.asarray(counts, dtype=np.int64)


def entries(train: pd.DataFrame, user_ids: pd.Index, item_ids: pd.Index) -> sp.csr_array:
    """Training matrix, its ratings put in order before it is made of them."""
    rows = user_ids.get_indexer(pd.Index(train["user_id"]))
    columns = item_ids.get_indexer(pd.Index(train["item_id"]))
    order = np.lexsort((columns, rows))
    starts = np.searchsorted(rows[order], np.arange(len(user_ids) + 1))
    ratings = train["rating"].to_numpy(dtype=np.float32)[order]
    shape = (len(user_ids), len(item_ids))
    return sp.csr_array((ratings, columns[order], starts), shape=shape)


def biases(
    train: pd.DataFrame,
    user_ids: pd.Index,
    item_ids: pd.Index,
    user_shrinkage: float,
    item_shrinkage: float,
) -> NDArray[np.float64]:
    """User biases and then item biases, by alternating shrunken means."""
    rows = user_ids.get_indexer(pd.Index(train["user_id"])).astype(np.int32)
    columns = item_ids.get_indexer(pd.Index(train["item_id"])).astype(np.int32)
    centred = train["rating"].to_numpy(dtype=np.float64) - mean_rating(train)
    of_user, of_item = np.zeros(len(user_ids)), np.zeros(len(item_ids))
    for _ in range(SWEEPS):
        of_item = _shrunken(columns, centred - of_user[rows], len(item_ids), item_shrinkage)
        of_user = _shrunken(rows, centred - of_item[columns], len(user_ids), user_shrinkage)
    return np.concatenate([of_user, of_item])


def _shrunken(
    codes: NDArray[np.int32], left: NDArray[np.float64], n: int, shrinkage: float
) -> NDArray[np.float64]:
    weight = np.bincount(codes, minlength=n) + shrinkage
    return np.bincount(codes, left, minlength=n) / np.where(weight > 0, weight, 1.0)


def used_tags(tags: pd.DataFrame, train: pd.DataFrame, settings: ContentSettings) -> pd.DataFrame:
    """Tags that the content is made of."""
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


def term_counts(
    items: pd.DataFrame, used: pd.DataFrame, settings: ContentSettings
) -> list["Counter[str]"]:
    """How often each item has each term, written ``part:term``."""
    text = used.groupby("item_id")["tag"].agg(" ".join).to_dict()
    rows = [{**row, "tags": text.get(row["item_id"], "")} for row in items.to_dict("records")]
    parts = settings.parts
    return [
        Counter(f"{part}:{term}" for part in parts for term in TERMS_OF[part](row)) for row in rows
    ]


def vocabulary(
    counts: "list[Counter[str]]", settings: ContentSettings, preferred: frozenset[str]
) -> dict[str, int]:
    """Document frequency of the terms that are kept, in the order of the terms.

    Of terms as frequent as each other at the end of the list, `preferred` ones come first: which
    of them are kept is nobody's statistic.
    """
    total: Counter[str] = Counter()
    frequency: Counter[str] = Counter()
    for count in counts:
        total.update(count)
        frequency.update(count.keys())
    kept = [term for term in total if frequency[term] >= settings.min_items]
    kept.sort(key=lambda term: (-total[term], term not in preferred, term))
    return {term: frequency[term] for term in sorted(kept[: settings.max_terms])}


def idf(frequency: "dict[str, int]", n_items: int, form: str) -> NDArray[np.float64]:
    """Inverse document frequency of each term, of shape (n_terms,)."""
    of_terms = np.array(list(frequency.values()), dtype=np.float64)
    if form == "textbook":
        return np.maximum(np.log(n_items / (1 + of_terms)), 0.0)
    return np.log((1 + n_items) / (1 + of_terms)) + 1


def tfidf(
    counts: "list[Counter[str]]", frequency: "dict[str, int]", weights: NDArray[np.float64]
) -> sp.csr_array:
    """Rows of length 1, of shape (n_items, n_terms)."""
    column = {term: place for place, term in enumerate(frequency)}
    found = [
        (row, column[term], n * weights[column[term]])
        for row, count in enumerate(counts)
        for term, n in count.items()
        if term in column
    ]
    rows, columns, values = (
        (np.array(part) for part in zip(*found, strict=True))
        if found
        else (
            np.zeros(0, dtype=np.int64),
            np.zeros(0, dtype=np.int64),
            np.zeros(0),
        )
    )
    length = np.sqrt(np.bincount(rows, values**2, minlength=len(counts)))
    scaled = values / np.where(length > 0, length, 1.0)[rows]
    shape = (len(counts), len(frequency))
    return sp.csr_array((scaled.astype(np.float32), (rows, columns)), shape=shape)
