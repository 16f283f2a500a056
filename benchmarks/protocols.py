"""Dividing a data set as the publishers of known figures did, ratings in the order that they had.

The order matters: SGD learns the ratings in the order in which it is given them, and equal scores
are ranked by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from benchmarks.problem import Problem
from blendmf.common.files import read_json
from blendmf.common.random_streams import stream
from blendmf.config.protocol import ContentSettings, SplitSettings
from blendmf.data.content import content
from blendmf.data.matrices import matrices
from blendmf.data.splits import split
from blendmf.data.tables import read_table
from blendmf.models.observations import Observations


@dataclass(frozen=True, eq=False)
class Tables:
    """A data set as the pipeline imported it, from ``results/{dataset}/data``.

    Attributes
    ----------
    name : str
    ratings, items, tags : DataFrame
    rating_range : (float, float)
    """

    name: str
    ratings: pd.DataFrame
    items: pd.DataFrame
    tags: pd.DataFrame
    rating_range: tuple[float, float]

    @classmethod
    def of_results(cls, folder: Path) -> "Tables":
        """Read the tables of a data set's folder of results."""
        ratings, items, tags = (
            read_table(folder / f"data/{name}.parquet") for name in ("ratings", "items", "tags")
        )
        low, high = read_json(folder / "data/source.json")["rating_range"]
        return cls(folder.name, ratings, items, tags, (low, high))


def temporal_split(
    tables: Tables, settings: Mapping[str, Any], words: Mapping[str, Any] | None = None
) -> Problem:
    """The training and the test part of a split, user by user in the order of time.

    Parameters
    ----------
    tables : Tables
    settings : mapping
        The configuration's `split` block.
    words : mapping, optional
        The configuration's `content` block; without it there is no content.

    Returns
    -------
    Problem
        Without validation ratings, so that whoever is fitted to it runs its full length.
    """
    divided = split(tables.ratings, SplitSettings(**settings), seed=0)
    built = matrices(divided.train, divided.validation, divided.test, tables.items)
    tfidf = None
    if words is not None:
        tfidf = content(
            built.items, tables.tags, divided.train, ContentSettings(**words), seed=0
        ).tfidf
    return _problem(
        tables,
        _in_order_of_time(divided.train),
        _in_order_of_time(divided.test),
        pd.Index(built.users["user_id"]),
        pd.Index(built.items["item_id"]),
        tfidf,
    )


def random_folds(tables: Tables, n: int, seed: int) -> list[Problem]:
    """n problems: each tests on one n-th of all ratings, drawn at random, and trains on the rest.

    Ratings keep the source's order within each part.
    """
    users, items = (pd.Index(np.unique(tables.ratings[c])) for c in ("user_id", "item_id"))
    fold = np.empty(len(tables.ratings), dtype=np.int64)
    order = stream(seed, "known-answers", "folds").permutation(len(fold))
    fold[order] = np.arange(len(fold)) % n
    return [
        _problem(tables, tables.ratings[fold != k], tables.ratings[fold == k], users, items)
        for k in range(n)
    ]


def in_random_order(problem: Problem, seed: int) -> Problem:
    """The same problem, its training ratings in random order."""
    train = problem.train
    order = stream(seed, "known-answers", "order").permutation(len(train))
    shuffled = Observations(
        train.users[order], train.items[order], train.ratings[order], train.shape
    )
    return replace(problem, train=shuffled)


def _in_order_of_time(part: pd.DataFrame) -> pd.DataFrame:
    return part.sort_values(["user_id", "timestamp"], kind="stable")


def _problem(
    tables: Tables,
    train: pd.DataFrame,
    test: pd.DataFrame,
    users: pd.Index,
    items: pd.Index,
    tfidf: sp.csr_array | None = None,
) -> Problem:
    shape = (len(users), len(items))

    def observed(part: pd.DataFrame) -> Observations:
        return Observations(
            users.get_indexer(pd.Index(part["user_id"])).astype(np.int32),
            items.get_indexer(pd.Index(part["item_id"])).astype(np.int32),
            part["rating"].to_numpy(np.float32),
            shape,
        )

    empty = sp.csr_array((shape[1], 0), dtype=np.float32)
    return Problem(
        tables.name,
        observed(train),
        observed(train.iloc[:0]),
        observed(test),
        empty if tfidf is None else tfidf,
        tables.rating_range,
    )
