"""Small held-out parts, and a model that has a table of scores, for the tests of the evaluation."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from blendmf.evaluation.evaluate import evaluate
from blendmf.models.observations import Observations

STATED = {"k": 2, "relevance_threshold": 4.0}
SETTINGS = STATED | {"full_users": None}


@dataclass(frozen=True, eq=False)
class TableModel:
    kind: ClassVar[str] = "table"
    predicts_ratings: ClassVar[bool] = True

    scores: np.ndarray

    def predict(self, users, items):
        return np.clip(self.scores[users, items].astype(np.float64), 1.0, 5.0)

    def score_pairs(self, users, items):
        return self.scores[users, items]

    def score_users(self, users):
        return self.scores[users]


def observations(triples, shape):
    users, items, ratings = zip(*triples, strict=True) if triples else ((), (), ())
    return Observations(
        np.array(users, dtype=np.int32),
        np.array(items, dtype=np.int32),
        np.array(ratings, dtype=np.float32),
        shape,
    )


def random_parts(seed, n_users=12, n_items=18, n=140):
    generator = np.random.default_rng(seed)
    pairs = generator.choice(n_users * n_items, size=n, replace=False)
    users, items = np.divmod(pairs, n_items)
    triples = list(zip(users, items, generator.integers(1, 6, size=n), strict=True))
    shape = (n_users, n_items)
    return tuple(observations(triples[part], shape) for part in np.s_[:80, 80:100, 100:])


def index_tables(train):
    items = pd.DataFrame({"n_train": np.bincount(train.items, minlength=train.shape[1])})
    users = pd.DataFrame({"user_id": [f"user {u}" for u in range(train.shape[0])]})
    return items, users


def evaluated(model, parts, years=None, **settings):
    train, validation, test = parts
    seen = (train.to_matrix(), validation.to_matrix())
    tables = index_tables(train)
    return evaluate(model, *seen, test, *tables, SETTINGS | settings, seed=1, years=years)
