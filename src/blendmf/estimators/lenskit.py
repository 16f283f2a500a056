"""An estimator as a scorer of a LensKit pipeline."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from lenskit.data import Dataset, ItemList, QueryInput, RecQuery
from lenskit.pipeline import Component
from lenskit.training import Trainable, TrainingOptions
from pandas.api.types import is_numeric_dtype

import blendmf
from blendmf.estimators.estimator import RatingEstimator


@dataclass
class BlendmfConfig:
    """Configuration of `BlendmfScorer`.

    Attributes
    ----------
    estimator : str
        Name of an estimator of `blendmf`.
    params : dict
        Its parameters.
    """

    estimator: str = "BayesianMF"
    params: dict[str, Any] = field(default_factory=dict)


class BlendmfScorer(Component[ItemList], Trainable):  # type: ignore[misc]
    """Scores items by their predicted ratings.

    A user who is not in the training data is folded in with the ratings of the query, if there are
    any, and otherwise predicted as an unknown user.
    """

    config: BlendmfConfig
    estimator_: RatingEstimator

    def train(self, data: Dataset, options: TrainingOptions | None = None) -> None:
        """Fit the estimator to the ratings of a data set, with their times if there are any."""
        if hasattr(self, "estimator_") and options is not None and not options.retrain:
            return
        made = getattr(blendmf, self.config.estimator)(**self.config.params)
        self.estimator_ = made.fit(data.interactions().pandas(ids=True))

    def __call__(self, query: QueryInput, items: ItemList) -> ItemList:
        """Predict the ratings of some items by the user of a query."""
        query, model = RecQuery.create(query), self.estimator_
        user, own = query.user_id, query.history_items
        if user not in model.users_ and own is not None and own.field("rating") is not None:
            user = model.users_.max() + 1 if is_numeric_dtype(model.users_) else "query"
            model = model.fold_in((np.full(len(own), user), own.ids(), own.field("rating")))
        return ItemList(items, scores=model.predict((np.full(len(items), user), items.ids())))
