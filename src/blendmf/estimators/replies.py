"""What a fitted estimator replies: predictions, lists, similar items, reasons."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from blendmf.common.errors import UserError
from blendmf.config.models import Entry
from blendmf.data.matrices import rating_matrix, rating_times
from blendmf.estimators.content import Words
from blendmf.estimators.tables import pair_table, rating_table
from blendmf.models.model import Model, TimedModel, UncertainModel
from blendmf.models.observations import Observations
from blendmf.recommend.explorer_files import penalty_of
from blendmf.recommend.near_items import item_vectors, near_by_factors, near_by_words
from blendmf.recommend.reasons import reasons_of
from blendmf.recommend.top_items import top_unseen

DECIMALS = 4
"""Decimals of the amounts of an explanation."""


class FittedEstimator(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """The methods of a fitted estimator; `RatingEstimator` says what its attributes are."""

    columns: Mapping[str, str] | None
    model_: Model
    users_: pd.Index
    items_: pd.DataFrame
    ratings_: sp.csr_array
    deviation_: float
    words_: Words | None
    entry_: Entry

    def predict(self, pairs: Any, interval: float | None = None) -> Any:
        """Predict the ratings of pairs of user and item.

        Parameters
        ----------
        pairs : DataFrame, Arrow table or arrays
            Columns ``user`` and ``item``, or two arrays, or an array of shape (n, 2). An unknown
            user or item gets the model's fallback. With a column ``timestamp``, a model that was
            fitted on ratings with times predicts ratings of that time.
        interval : float, optional
            Probability, above 0 and below 1, with which an interval contains the rating.

        Returns
        -------
        ndarray of shape (n,), or DataFrame
            With `interval`, a table with the columns ``rating``, ``low`` and ``high``.

        Raises
        ------
        UserError
            If a column is missing, or the model has no intervals.
        """
        check_is_fitted(self)
        table = pair_table(pairs, self.columns)
        users, items = self.positions(table)
        at = {}
        if "timestamp" in table and isinstance(self.model_, TimedModel):
            at["seconds"] = table["timestamp"].to_numpy(dtype=np.int64)
        predicted = self.model_.predict(users, items, **at)
        if interval is None:
            return predicted
        if not isinstance(self.model_, UncertainModel):
            raise UserError(f"{type(self).__name__} has no intervals; use BayesianMF")
        if not 0 < interval < 1:
            raise UserError(f"interval must be above 0 and below 1, not {interval}")
        low, high = self.model_.intervals(users, items, interval, **at)
        return pd.DataFrame({"rating": predicted, "low": low, "high": high})

    def recommend(self, user: Any, n: int = 10) -> pd.DataFrame:
        """List the best items for a user, or for each of several, without those already rated.

        Parameters
        ----------
        user : id, or list of ids
        n : int
            Number of items for each user, at least 1.

        Returns
        -------
        DataFrame
            Columns ``user``, ``rank``, ``item``, ``title``, ``score``, and ``rating``, ``low`` and
            ``high`` (90 % interval) as far as the model predicts them.

        Raises
        ------
        UserError
            If a user is unknown.
        """
        check_is_fitted(self)
        users = [user] if isinstance(user, Hashable) else list(user)
        positions = np.array([self._known("user", one) for one in users], dtype=np.int64)
        top = top_unseen(self.model_, positions, [self.ratings_[positions]], n)
        items = self.items_.iloc[top["item"].to_numpy()].reset_index(drop=True)
        table = pd.DataFrame(
            {
                "user": self.users_[top["user"].to_numpy()],
                "rank": top["rank"],
                "item": items["item_id"],
                "title": items["title"],
                "score": top["score"],
                "rating": top["predicted_rating"],
                "low": top["rating_low"],
                "high": top["rating_high"],
            }
        )
        return table.dropna(axis=1, how="all")

    def similar(self, item: Any, n: int = 10, by: str = "factors") -> pd.DataFrame:
        """List the items that are most similar to an item.

        Parameters
        ----------
        item : id
        n : int
            Largest number of items.
        by : {"factors", "words"}
            Cosine of the items' factors, or of their words.

        Returns
        -------
        DataFrame
            Columns ``item``, ``title`` and ``cosine``; those below 0.2 are left out.

        Raises
        ------
        UserError
            If the item is unknown, or has no factors or words.
        """
        check_is_fitted(self)
        of, counts = np.array([self._known("item", item)]), self._n_ratings()
        if by == "words":
            if self.words_ is None:
                raise UserError("the items have no words; give fit(..., items=...)")
            [near] = near_by_words(self.words_.tfidf, counts, n, of)
        else:
            vectors = item_vectors(self.model_, np.arange(self.model_.n_items))
            if vectors is None:
                raise UserError(f'{type(self).__name__} has no item factors; use by="words"')
            [near] = near_by_factors(vectors, counts > 0, counts, n, of)
        found = self.items_.iloc[[position for position, _ in near]].reset_index(drop=True)
        cosines = [cosine for _, cosine in near]
        table = {"item": found["item_id"], "title": found["title"], "cosine": cosines}
        return pd.DataFrame(table).dropna(axis=1, how="all")

    def explain(self, user: Any, item: Any) -> pd.DataFrame:
        """Divide the score of an item for a user into its reasons.

        Returns
        -------
        DataFrame
            Columns ``kind``, ``name`` and ``amount`` in rating units. The rows up to ``rest`` add
            up to the score: the mean rating (``base``), the user's and the item's bias, the largest
            ``word`` and ``factor`` parts. The rows ``neighbour`` are another view of the same
            score: the influence of the user's own ratings on it.

        Raises
        ------
        UserError
            If the user or the item is unknown.
        """
        check_is_fitted(self)
        u, i = self._known("user", user), self._known("item", item)
        uses_words = self.words_ is not None and self.entry_.uses_content
        [reasons] = reasons_of(
            self.model_,
            np.array([u]),
            np.array([i]),
            self.ratings_[[u]],
            np.arange(len(self.items_)),
            words=self.words_.tfidf if uses_words and self.words_ else None,
            penalty=penalty_of(self.entry_, self.deviation_),
            decimals=DECIMALS,
            least=0.0,
        )
        rows = [(kind, self._name(kind, number), amount) for kind, number, amount in reasons]
        table = pd.DataFrame(rows, columns=["kind", "name", "amount"], dtype=object)
        return table.astype({"kind": "str", "amount": np.float64})

    def score(self, ratings: Any, y: ArrayLike | None = None) -> float:
        """Coefficient of determination R^2 of the predictions of some ratings; 1 is perfect."""
        check_is_fitted(self)
        table = rating_table(ratings, y, self.columns)
        return float(r2_score(table["rating"], self.model_.predict(*self.positions(table))))

    def _n_ratings(self) -> NDArray[np.int64]:
        return np.bincount(self.ratings_.indices, minlength=len(self.items_))

    def _name(self, kind: str, number: int | None) -> Any:
        """What a reason refers to: a word, the id of an item, the number of a factor, or None."""
        if number is None or kind == "factor":
            return number
        if kind == "word" and self.words_ is not None:
            return self.words_.terms[number]
        return self.items_["item_id"].iloc[number]

    def positions(self, pairs: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions of the users and items of pairs; -1 if unknown."""
        users = self.users_.get_indexer(pd.Index(pairs["user_id"]))
        items = pd.Index(self.items_["item_id"]).get_indexer(pd.Index(pairs["item_id"]))
        return users.astype(np.int64), items.astype(np.int64)

    def _known(self, what: str, wanted: Any) -> int:
        index = self.users_ if what == "user" else pd.Index(self.items_["item_id"])
        if wanted not in index:
            raise UserError(f"{what} {wanted} is unknown; ids are such as {index[0]}")
        return int(index.get_indexer(pd.Index([wanted]))[0])

    def observations(self, ratings: pd.DataFrame) -> Observations:
        """Known users' ratings of known items, with times if they are known."""
        items = pd.Index(self.items_["item_id"])
        times = rating_times(ratings, self.users_, items) if "timestamp" in ratings else None
        return Observations.from_matrix(self.matrix(ratings), times)

    def matrix(self, ratings: pd.DataFrame) -> sp.csr_array:
        """Matrix of known users' ratings of known items, of shape (n_users, n_items)."""
        return rating_matrix(ratings, self.users_, pd.Index(self.items_["item_id"]))
