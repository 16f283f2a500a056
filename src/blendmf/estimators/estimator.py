"""The base of all estimators: fitting, new users, saving."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike
from blendmf.common.random_streams import stream
from blendmf.config.fields import SEED
from blendmf.config.models import Entry
from blendmf.config.protocol import SplitSettings
from blendmf.data.splits import divide_each_user
from blendmf.data.user_features import feature_matrix
from blendmf.estimators.content import features_of_users, words_of
from blendmf.estimators.folder import Fitted, write_folder
from blendmf.estimators.replies import FittedEstimator
from blendmf.estimators.tables import item_table, rating_table
from blendmf.models.model import Model
from blendmf.models.observations import RatingUnit
from blendmf.recommend.new_users import joined, refuse_outside
from blendmf.training.final import fit_on_all
from blendmf.training.fit import fit_model
from blendmf.training.fitted import Fit


@dataclass(kw_only=True, eq=False, repr=False)
class RatingEstimator(FittedEstimator, ABC):
    """Base of all estimators, with scikit-learn's conventions; a subclass says what is fitted.

    Parameters
    ----------
    rating_range : (float, float), optional
        Lowest and highest possible rating; default: those of the ratings.
    validation : float, default 0.1
        Share of each user's ratings, at least 0 and below 1, that chooses what a validation part
        chooses if `fit` is given none.
    seed : int, default 42
        Source of every random draw.
    name : str, optional
        Name of the model's random streams; default: that of the default experiment, so that the
        same data and settings give the numbers of the workflow.
    threads : int, default 1
        Number of threads; does not affect the result.
    columns : mapping, optional
        Names of columns that differ, such as ``{"user": "userId"}``.
    verbose : bool, default False
        Whether to print what happens.

    Attributes
    ----------
    model_ : Model
        The fitted model, which works on positions in `users_` and `items_`.
    users_ : Index
        Ids of the users.
    items_ : DataFrame
        Columns item_id, title, year, genres and text of the items.
    ratings_ : csr_array of shape (n_users, n_items)
        The ratings that the model was fitted on, and those of new users.
    deviation_ : float
        Standard deviation of the ratings that the model was fitted on.
    words_ : Words or None
        Words of the items, if they were described.
    fit_ : Fit
        Engine, epochs, validation error and seconds of the fit.
    """

    validates: ClassVar[bool] = True
    """Whether a validation part chooses anything."""

    rating_range: tuple[float, float] | None = None
    validation: float = 0.1
    seed: int = SEED
    name: str | None = None
    threads: int = 1
    columns: Mapping[str, str] | None = None
    verbose: bool = False

    @abstractmethod
    def _entry(self, has_words: bool) -> tuple[str, Entry]:
        """Name in the default experiment, and kind and settings, of what is fitted."""

    def fit(
        self,
        ratings: Any,
        y: ArrayLike | None = None,
        *,
        items: Any = None,
        users: Any = None,
        validation: Any = None,
    ) -> Self:
        """Fit the model.

        Without `validation`, the share `validation` of each user's ratings (the last ones, or
        random ones if times are unknown) chooses what a validation part chooses: epochs, rank,
        offsets for new users and items, widths of intervals. The model is then fitted on all
        ratings. With the share 0 nothing is chosen.

        Parameters
        ----------
        ratings : DataFrame, Arrow table or arrays
            See `blendmf.estimators.tables.rating_table`.
        y : array of shape (n,), optional
            The ratings, if `ratings` has users and items only.
        items : DataFrame, Arrow table, mapping or Series, optional
            What describes the items; see `blendmf.estimators.tables.item_table`.
        users : DataFrame, Arrow table, mapping or Series, optional
            What describes the users (`BayesianMF`): a column ``user`` and any others, or the text
            of each user by id; see `blendmf.estimators.content.features_of_users`.
        validation : DataFrame, Arrow table or arrays, optional
            Validation ratings, on which the model is not fitted.

        Returns
        -------
        The estimator itself.

        Raises
        ------
        UserError
            If the tables or the parameters cannot be used; the message says what to do.
        """
        if not 0 <= self.validation < 1:
            raise UserError(f"validation must be at least 0 and below 1, not {self.validation}")
        train = rating_table(ratings, y, self.columns)
        held_out = train.iloc[:0]
        if validation is not None:
            held_out = rating_table(validation, None, self.columns)
        both = pd.concat([train, held_out], ignore_index=True)
        described = None if items is None else item_table(items, self.columns)
        features = None if users is None else features_of_users(users, self.columns)
        self._set_index(both, described, features)
        self.words_ = None if described is None else words_of(self.items_)
        self._user_features = None if features is None else feature_matrix(features, self.users_)
        self.name_, self.entry_ = self._entry(self.words_ is not None)
        self.name_ = self.name or self.name_
        low, high = self.rating_range or (both["rating"].min(), both["rating"].max())
        self.rating_range_ = (float(low), float(high))
        refuse_outside(both["rating"], self.rating_range_)
        with nullcontext() if self.verbose else redirect_stdout(None):
            if validation is None and self.validation > 0 and self.validates:
                self.fit_ = self._fit_twice(train)
            else:
                self.fit_ = self._fit_once(train, held_out)
        self.model_: Model = self.fit_.model
        self.ratings_ = self.matrix(train)
        self.deviation_ = RatingUnit.of(self.ratings_.data).deviation
        return self

    def _set_index(
        self,
        ratings: pd.DataFrame,
        described: pd.DataFrame | None,
        features: pd.DataFrame | None,
    ) -> None:
        """Index users and items with ratings or a description, sorted by id."""
        users = pd.Index(ratings["user_id"].unique())
        if features is not None:
            users = users.union(pd.Index(features["user_id"].unique()))
        self.users_ = users.sort_values().rename("user_id")
        rated = pd.Index(ratings["item_id"].unique(), name="item_id")
        if described is None:
            described = item_table(pd.DataFrame({"item": rated}))
        ids = rated.union(pd.Index(described["item_id"])).sort_values()
        table = described.set_index("item_id").reindex(ids)
        table["genres"] = [names if isinstance(names, list) else [] for names in table["genres"]]
        self.items_ = table.rename_axis("item_id").reset_index()

    def _fit_once(self, train: pd.DataFrame, validation: pd.DataFrame) -> Fit:
        return fit_model(
            self.entry_,
            self.observations(train),
            self.observations(validation),
            None if self.words_ is None else self.words_.tfidf,
            rating_range=self.rating_range_,
            seed=self.seed,
            name=("train", self.name_, 1),
            threads=self.threads,
            user_features=self._user_features,
        )

    def _fit_twice(self, ratings: pd.DataFrame) -> Fit:
        """Fit on a part, then on all with what the rest chose."""
        # Sorted, so that the part does not depend on the order of the rows.
        ratings = ratings.sort_values(["user_id", "item_id"], ignore_index=True)
        random = None if "timestamp" in ratings else stream(self.seed, "split")
        least = SplitSettings().min_ratings
        part, _ = divide_each_user(ratings, (1 - self.validation, 1.0), least, random)
        if not part.any():
            held_out = stream(self.seed, "split").random(len(ratings)) < self.validation
            part = held_out.astype(np.int8)
        evaluated = self._fit_once(ratings[part == 0], ratings[part != 0])
        return fit_on_all(
            self.entry_,
            self.observations(ratings),
            None if self.words_ is None else self.words_.tfidf,
            evaluated.model,
            evaluated.best_epoch,
            rating_range=self.rating_range_,
            seed=self.seed,
            name=("final", self.name_),
            threads=self.threads,
            user_features=self._user_features,
        )

    def fold_in(self, ratings: Any) -> Self:
        """Take new users, without a new fit: a fitted estimator that knows them too.

        Nothing changes for the known users. The parameters of a new user are drawn from their exact
        conditional distribution (`BayesianMF`), or are their conditional means given that new users
        are like the known ones, and do not depend on the other new users.

        Parameters
        ----------
        ratings : DataFrame, Arrow table or arrays
            Ratings by the new users, as in `fit`; ratings of unknown items are ignored.

        Raises
        ------
        UserError
            If a user is known already, no item is known, or the model cannot take new users.
        """
        check_is_fitted(self)
        table = rating_table(ratings, None, self.columns)
        items = pd.Index(self.items_["item_id"])
        joining = joined(
            self.model_, self.ratings_, self.users_, items, table, self.rating_range_, self.seed
        )
        estimator = copy.copy(self)
        estimator.model_, ids, of_new = joining
        estimator.users_ = self.users_.append(ids)
        estimator.ratings_ = sp.csr_array(sp.vstack([self.ratings_, of_new]))
        return estimator

    def save(self, folder: PathLike) -> None:
        """Write the estimator to a new or empty folder, from which `blendmf.load` reads it.

        Raises
        ------
        UserError
            If the folder has files.
        """
        check_is_fitted(self)
        facts = {
            "class": type(self).__name__,
            "params": self.get_params(deep=False),
            "name": self.name_,
            "settings": self.entry_.model_dump(),
            "rating_range": self.rating_range_,
            "deviation": self.deviation_,
        }
        fitted = Fitted(self.model_, self.users_, self.items_, self.ratings_, self.words_)
        write_folder(folder, fitted, facts)

    def set_fitted(
        self,
        fitted: Fitted,
        entry: Entry,
        name: str,
        rating_range: Sequence[float],
        deviation: float,
    ) -> None:
        """Take what was learned elsewhere, as the fitted attributes."""
        self.model_, self.users_, items, self.ratings_, self.words_ = fitted
        genres = pd.Series([list(names) for names in items["genres"]], dtype=object)
        self.items_ = items.assign(genres=genres)
        self.entry_, self.name_, self.deviation_ = entry, name, deviation
        low, high = rating_range
        self.rating_range_ = (float(low), float(high))
