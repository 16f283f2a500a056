"""Gibbs sampling of a Bayesian matrix factorisation, bit-identical for any number of threads.

The model of a rating at position t of its user's order (from -1/2 to 1/2) is

    r = mu + b_u + s_u t + b_i + p_u . q_i + e,   e ~ N(0, 1 / (alpha a_u)).

The prior of the rows (b_u, p_u, s_u) and (b_i, q_i) is normal. Its mean is linear in side
information: an item's words, a user's features, and each row's number of ratings and raters
(`RowSampler`). The user's
relative noise precision a_u has a Gamma prior, or is 1 if ``noise_freedom`` is None. Ratings are
standardised, so no prior depends on the rating scale. A sweep updates

    the prior of the users' rows, then the users' rows,
    the prior of the items' rows, then the items' rows,
    the noise of each user, then the common noise,

each by a draw from its full conditional distribution.

References
----------
R. Salakhutdinov and A. Mnih, ICML 2008; J. Simm et al., MLSP 2017 (see `RowPrior`). Rated items as
a feature: Y. Koren, "Factorization meets the neighborhood", KDD 2008 (SVD++).
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations, RatingUnit
from blendmf.models.user_prior import PriorDraw, RatedFeatures
from blendmf.training.bayes.row_sampler import Rows, RowSampler, Values


@dataclass(frozen=True)
class Draw:
    """One draw of all parameters, in rating units.

    Attributes
    ----------
    user_rows, item_rows : ndarray of float32, of shape (n_users, 1 + d) and (n_items, 1 + d)
        Bias and factors; the users' bias includes the drift up to the predicted position.
    user_variance, item_variance : ndarray of shape (n_users,) and (n_items,)
        Variance of ratings given the rows: the user's noise, plus the prior variance of users and
        items without ratings, whose rows are prior means.
    user_prior : PriorDraw
        Prior of the rows of users with ratings.
    """

    user_rows: NDArray[np.float32]
    item_rows: NDArray[np.float32]
    user_variance: Values
    item_variance: Values
    user_prior: PriorDraw


class GibbsSampler:
    """Sampler of the posterior of a matrix factorisation.

    Parameters
    ----------
    train : Observations
    content : csr_array of shape (n_items, n_terms), optional
        Words of the items.
    user_features : csr_array of shape (n_users, n_features), optional
        Features of the users.
    settings : TrainingSettings
        Uses ``latent_dim``, ``drift``, ``feedback`` and ``noise_freedom``.
    random : Generator
    threads : int
        Number of threads; does not affect the result.

    Attributes
    ----------
    global_mean : float
        mu, the mean of the training ratings.
    users_without, items_without : ndarray of int, of shape (m,)
        Positions of users and items without training ratings.
    """

    def __init__(
        self,
        train: Observations,
        content: sp.csr_array | None,
        settings: TrainingSettings,
        random: np.random.Generator,
        threads: int = 1,
        user_features: sp.csr_array | None = None,
    ) -> None:
        self._random = random
        self._freedom = settings.noise_freedom
        self._unit = RatingUnit.of(train.ratings)
        self._centred = self._unit.standardised(train.ratings)
        self.global_mean = self._unit.mean
        self._width = 1 + settings.latent_dim
        order = train.places if settings.drift else None
        self._has_drift = order is not None
        self._order = np.zeros(len(train)) if order is None else order.astype(np.float64)
        matrix = train.to_matrix()
        feedback = settings.feedback
        user_width = self._width + self._has_drift
        self._users = RowSampler(
            matrix, user_features, feedback, self._width, user_width, random, threads
        )
        transposed = sp.csr_array(matrix.T)
        widths = (self._width, self._width)
        self._items = RowSampler(transposed, content, feedback, *widths, random, threads)
        users = self._users.rated_index(train.users)
        items = self._items.rated_index(train.items)
        self._users.set_ratings(users, items)
        self._items.set_ratings(items, users)
        self.users_without, self.items_without = self._users.without, self._items.without
        self._user_precision = np.ones(len(self._users.rows))
        self._precision = 1.0

    def sweep(self) -> float:
        """Update all parameters once.

        Returns
        -------
        float
            Training RMSE of the updated parameters in rating units, without clipping.
        """
        weights = np.sqrt(self._precision * self._user_precision[self._users.own])
        self._update_users(weights)
        errors = self._update_items(weights)
        self._update_noise(errors**2)
        return self._unit.deviation * float(np.sqrt(np.mean(errors**2)))

    def _update_users(self, weights: Values) -> None:
        items = self._items
        targets = self._centred - items.rows[items.own, 0]
        self._users.update(self._multipliers(items.rows), targets, weights, self._order)

    def _update_items(self, weights: Values) -> Values:
        """Update the items' rows; return the residuals of the ratings, of shape (n,)."""
        users, items = self._users, self._items
        targets = self._centred - users.rows[users.own, 0]
        if self._has_drift:
            targets -= self._order * users.rows[users.own, -1]
        multipliers = self._multipliers(users.rows)
        items.update(multipliers, targets, weights, np.zeros_like(targets))
        return targets - items.predictions(items.rows, multipliers, self._order)

    def _update_noise(self, squared_errors: Values) -> None:
        random, own = self._random, self._users.own
        if self._freedom is not None:
            errors = np.bincount(own, squared_errors)
            shape = (self._freedom + np.bincount(own)) / 2
            rate = (self._freedom + self._precision * errors) / 2
            self._user_precision = random.gamma(shape) / rate
        weighted = float(squared_errors @ self._user_precision[own])
        self._precision = random.gamma(1 + len(own) / 2) / (1 + weighted / 2)

    def current(self, position: float) -> Draw:
        """The current parameters in rating units, with biases at a position of the users' order.

        Rows of users and items without ratings are prior means.
        """
        users, items = self._users, self._items
        user_rows = self._in_ratings(self._at_position(users.all_rows(), position))
        item_rows = self._in_ratings(items.all_rows())
        noise = 1.0 / (self._precision * self._user_precision)
        user_variance, item_variance = np.zeros(len(user_rows)), np.zeros(len(item_rows))
        user_variance[users.rated] = noise
        if len(users.without):
            multipliers = self._multipliers(items.rows)
            if self._has_drift:
                multipliers = np.column_stack([multipliers, np.full(len(multipliers), position)])
            unknown = users.variance_without(multipliers, np.diff(items.indptr))
            user_variance[users.without] = noise.mean() + unknown
        if len(items.without):
            unknown = items.variance_without(self._multipliers(users.rows), np.diff(users.indptr))
            item_variance[items.without] = unknown
        squared = self._unit.deviation**2
        return Draw(
            user_rows,
            item_rows,
            squared * user_variance,
            squared * item_variance,
            users.prior_draw(squared / self._precision).scaled(self._scale(users.rows.shape[1])),
        )

    @property
    def rated_features(self) -> RatedFeatures:
        """How the items that a user rated become features of the user."""
        return self._users.rated_features()

    def _in_ratings(self, rows: Rows) -> NDArray[np.float32]:
        """Convert biases and factors from standardised to rating units."""
        return (self._scale(rows.shape[1]) * rows).astype(np.float32)

    def _scale(self, width: int) -> Values:
        """Factors that convert bias, factors and slope (if any) to rating units."""
        scales = self._unit.scales
        scale = np.full(width, scales["user_factors"])
        scale[0] = scales["user_bias"]
        scale[self._width :] = scales["user_bias"]
        return scale

    def _at_position(self, rows: Rows, position: float) -> Rows:
        """The users' biases at a position of their rating order, and their factors."""
        moved = rows[:, : self._width].copy()
        if self._has_drift:
            moved[:, 0] += position * rows[:, -1]
        return moved

    def _multipliers(self, rows: Rows) -> Rows:
        """Multipliers of the other side's rows: 1 for the bias, then the factors."""
        multipliers = rows[:, : self._width].copy()
        multipliers[:, 0] = 1.0
        return multipliers
