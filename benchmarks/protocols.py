"""How published figures were obtained: entries of ``known-answers.yaml``, and their data splits.

The order of ratings matters: SGD processes them in the given order, and equal scores are ranked
by it. Splits therefore keep the order that the publishers used.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from pydantic import BaseModel, Field

from benchmarks.accuracy import Evaluation
from benchmarks.problem import Problem
from benchmarks.systems import OWN_DISTRIBUTION, System
from blendmf.common.files import read_json
from blendmf.common.random_streams import stream
from blendmf.config.protocol import ContentSettings, SplitSettings
from blendmf.data.content import content
from blendmf.data.matrices import matrices
from blendmf.data.splits import split
from blendmf.data.tables import read_table
from blendmf.models.observations import Observations

OWN_ADAPTER = "blendmf_model.py"

Entry = dict[str, Any]
Tolerance = dict[str, float]


class Counterpart(BaseModel, frozen=True, extra="forbid"):
    """A model of this project with the settings of a published system.

    `settings` are like an entry of `models` in the configuration. `tolerance` is the largest
    difference from the published system in the same run, by metric; ``predictions`` is the root
    mean square difference of all predictions. `orders` is the number of random orders of the
    training ratings, each with its own seed, that both systems are fitted to (figures are means);
    0 is one fit to the ratings in their own order. `remark` says what differs between the two
    systems.
    """

    settings: Entry
    tolerance: Tolerance
    epochs: tuple[int, ...] = (0,)
    orders: int = 0
    remark: str = ""

    @property
    def system(self) -> System:
        """The model as a system that can be run."""
        return System(
            system=f"blendmf {self.settings['kind']}",
            distribution=OWN_DISTRIBUTION,
            adapter=OWN_ADAPTER,
            settings=self.settings,
            epochs=self.epochs,
        )


class KnownSystem(System, frozen=True):
    """A system with published figures.

    `published` has the figures by data set and metric, `tolerance` the largest difference from them
    by metric, and `words` the parts of the items' content that the system uses, by data set.
    ``--fast`` skips a `slow` system.
    """

    published: dict[str, dict[str, float]]
    tolerance: Tolerance
    words: dict[str, Entry] = Field(default_factory=dict)
    slow: bool = False
    counterpart: Counterpart | None = None


class Protocol(BaseModel, frozen=True, extra="forbid"):
    """A protocol that figures were published for.

    `source` is who published the figures. Predictions are `clipped_to` a range before any metric,
    by data set. `split` and `content` are blocks of the configuration, `content` without the
    `words` of a system. With `folds`, that number of random folds replaces `split`, and figures are
    means over them.
    """

    name: str
    source: str
    clipped_to: dict[str, tuple[float, float]]
    systems: list[KnownSystem]
    evaluation: Evaluation
    split: Entry = {}
    content: Entry = {}
    folds: int | None = None

    def problems(self, tables: "Tables", words: Entry | None, seed: int) -> list[Problem]:
        """The problems that a system is fitted to: one, or one for each fold."""
        if self.folds is not None:
            return random_folds(tables, self.folds, seed)
        content_of_system = None if words is None else {**self.content, **words}
        return [temporal_split(tables, self.split, content_of_system)]


@dataclass(frozen=True, eq=False)
class Tables:
    """An imported data set, from ``results/{dataset}/data``."""

    name: str
    ratings: pd.DataFrame
    items: pd.DataFrame
    tags: pd.DataFrame
    rating_range: tuple[float, float]

    @classmethod
    def of_results(cls, folder: Path) -> Self:
        """Read the tables from a data set's folder of results."""
        names = ("ratings", "items", "tags")
        ratings, items, tags = (read_table(folder / f"data/{name}.parquet") for name in names)
        low, high = read_json(folder / "data/source.json")["rating_range"]
        return cls(folder.name, ratings, items, tags, (low, high))


def temporal_split(tables: Tables, settings: Entry, words: Entry | None = None) -> Problem:
    """Training and test part of a split, ordered by user and then by time.

    `settings` is the block `split` of the configuration, `words` the block `content`; without the
    latter the items have no content. There are no validation ratings, so that no fit stops early.
    """
    parts = split(tables.ratings, **SplitSettings(**settings).model_dump(), files=(), seed=0)
    built = matrices(parts.train, parts.validation, parts.test, tables.items)
    tfidf = None
    if words is not None:
        described = ContentSettings(**words).model_dump()
        tfidf = content(built.items, tables.tags, parts.train, **described, seed=0).tfidf
    train, test = (
        part.sort_values(["user_id", "timestamp"], kind="stable")
        for part in (parts.train, parts.test)
    )
    ids = pd.Index(built.users["user_id"]), pd.Index(built.items["item_id"])
    return _problem(tables, train, test, *ids, tfidf)


def random_folds(tables: Tables, n: int, seed: int) -> list[Problem]:
    """n problems, each with a random n-th of all ratings for the test and the rest for training.

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
    """The same problem with its training ratings in random order."""
    train = problem.train
    order = stream(seed, "known-answers", "order").permutation(len(train))
    users, items, ratings = train.users[order], train.items[order], train.ratings[order]
    return replace(problem, train=Observations(users, items, ratings, train.shape))


def _problem(
    tables: Tables,
    train: pd.DataFrame,
    test: pd.DataFrame,
    users: pd.Index,
    items: pd.Index,
    tfidf: sp.csr_array | None = None,
) -> Problem:
    shape = (len(users), len(items))
    train_part, validation_part, test_part = (
        Observations(
            users.get_indexer(pd.Index(part["user_id"])).astype(np.int32),
            items.get_indexer(pd.Index(part["item_id"])).astype(np.int32),
            part["rating"].to_numpy(np.float32),
            shape,
        )
        for part in (train, train.iloc[:0], test)
    )
    if tfidf is None:
        tfidf = sp.csr_array((shape[1], 0), dtype=np.float32)
    return Problem(tables.name, train_part, validation_part, test_part, tfidf, tables.rating_range)
