"""Small held-out parts and a model with a table of scores, for tests of the evaluation."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from blendmf.config.protocol import EvaluationSettings
from blendmf.evaluation.evaluate import evaluate
from blendmf.models.baselines import fit_bias
from ratings import observed

STATED = {"k": 2, "relevance_threshold": 4.0}
SETTINGS = EvaluationSettings(**STATED)


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


def bias_model(train):
    return fit_bias(train, (1.0, 5.0), user_shrinkage=15.0, item_shrinkage=10.0)


def random_parts(seed, n_users=12, n_items=18):
    """Training, validation and test part of 80, 20 and 40 ratings."""
    generator = np.random.default_rng(seed)
    pairs = generator.choice(n_users * n_items, size=140, replace=False)
    users, items = np.divmod(pairs, n_items)
    whole = observed(users, items, generator.integers(1, 6, size=140), (n_users, n_items))
    return tuple(whole.where(part) for part in np.s_[:80, 80:100, 100:])


def only_row(table, **where):
    """The only row of a table that has these values."""
    ((_, row),) = table[(table[list(where)] == list(where.values())).all(axis=1)].iterrows()
    return row


def evaluated(model, parts, years=None, user_ids=None, **settings):
    """Scores of a model; `settings` replace those of `SETTINGS`."""
    train, validation, test = parts
    items = pd.DataFrame({"n_train": np.bincount(train.items, minlength=train.shape[1])})
    ids = [f"user {u}" for u in range(train.shape[0])] if user_ids is None else user_ids
    return evaluate(
        model,
        train.to_matrix(),
        validation.to_matrix(),
        test,
        items,
        pd.DataFrame({"user_id": ids}),
        SETTINGS.model_copy(update=settings),
        seed=1,
        years=years,
    )
