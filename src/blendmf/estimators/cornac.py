"""An estimator as a model of Cornac's experiments."""

from typing import Any

import numpy as np
from cornac.models import Recommender
from numpy.typing import NDArray
from sklearn.base import clone

from blendmf.estimators.estimator import RatingEstimator


class BlendmfRecommender(Recommender):  # type: ignore[misc]
    """Wraps an estimator; its parameters are those of the estimator.

    Parameters
    ----------
    estimator : RatingEstimator
        Estimator that is cloned and fitted to the training set, with times if the set has them.
    name : str, optional
        Name in Cornac's tables; default: the class of the estimator.
    """

    def __init__(
        self,
        estimator: RatingEstimator,
        name: str | None = None,
        trainable: bool = True,
        verbose: bool = False,
    ) -> None:
        super().__init__(name or type(estimator).__name__, trainable, verbose)
        self.estimator = estimator

    def fit(self, train_set: Any, val_set: Any = None) -> "BlendmfRecommender":
        """Fit a clone of the estimator to the training set."""
        super().fit(train_set, val_set)
        times = () if train_set.timestamps is None else (train_set.timestamps,)
        rating_range = float(train_set.min_rating), float(train_set.max_rating)
        self.fitted = clone(self.estimator).set_params(rating_range=rating_range)
        self.fitted.fit((*train_set.uir_tuple, *times))
        return self

    def score(self, user_idx: int, item_idx: int | None = None) -> NDArray[np.float64]:
        """Predicted rating of one item, or of all items of the training set."""
        items = np.arange(self.num_items) if item_idx is None else np.array([item_idx])
        predicted = self.fitted.predict((np.full(len(items), user_idx), items))
        return predicted if item_idx is None else predicted[0]
