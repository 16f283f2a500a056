"""Gibbs sampling of a Bayesian matrix factorisation, bit-identical for any number of threads.

The model of a rating at position t of its user's order (from -1/2 to 1/2) is

    r = mu + b_u + s_u t + b_i + p_u . q_i + e,   e ~ N(0, 1 / (alpha a_u)).

The prior of the rows (b_u, p_u, s_u) and (b_i, q_i) is normal. Its mean is linear in side
information: an item's words, a user's features, and each row's number of ratings and raters
(`RowSampler`). The user's relative noise precision a_u has a Gamma prior, or is 1 if
``noise_freedom`` is None. Ratings are standardised, so no prior depends on the rating scale. A
sweep updates

    the prior of the users' rows, then each user's noise and row,
    the common noise,
    the prior of the items' rows, then the items' rows,

each by a draw from its full conditional distribution.

References
----------
R. Salakhutdinov and A. Mnih, ICML 2008; J. Simm et al., MLSP 2017 (see `RowPrior`). Rated items as
a feature: Y. Koren, "Factorization meets the neighborhood", KDD 2008 (SVD++).
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations, RatingUnit
from blendmf.models.user_prior import PriorDraw, RatedFeatures
from blendmf.training.bayes.gibbs_kernels import add_scores
from blendmf.training.bayes.rated_rows import rated_rows
from blendmf.training.bayes.row_sampler import OtherSide, Rows, RowSampler, Values
from blendmf.training.bayes.sparse_products import product
from blendmf.training.kernels.compiled import compiled


@dataclass(frozen=True)
class Draw:
    """One draw of all parameters, in rating units.

    Attributes
    ----------
    user_rows, item_rows : ndarray of float32, of shape (n_users, 1 + d) and (n_items, 1 + d)
        Bias and factors; the users' bias includes the drift up to the predicted position.
    user_slopes : ndarray of float32, of shape (n_users,)
        Drift from the first to the last position; zeros without drift.
    user_variance, item_variance : ndarray of shape (n_users,) and (n_items,)
        Variance of ratings given the rows: the user's noise, plus the prior variance of users and
        items without ratings, whose rows are prior means.
    user_prior : PriorDraw
        Prior of the rows of users with ratings.
    """

    user_rows: NDArray[np.float32]
    item_rows: NDArray[np.float32]
    user_slopes: NDArray[np.float32]
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
        self._freedom = settings.noise_freedom or 0.0
        self._unit = RatingUnit.of(train.ratings)
        self.global_mean = self._unit.mean
        self._width = 1 + settings.latent_dim
        order = train.places if settings.drift else None
        self._has_drift = order is not None
        feedback, width = settings.feedback, self._width
        of_users, of_items = rated_rows(train)
        user_width = width + self._has_drift
        self._users = RowSampler(
            of_users, user_features, feedback, width, user_width, random, threads
        )
        self._items = RowSampler(of_items, content, feedback, width, width, random, threads)
        centred = self._unit.standardised(train.ratings)
        for side in (self._users, self._items):
            side.set_ratings(centred, np.zeros(len(train)) if order is None else order)
        self.users_without, self.items_without = of_users.without, of_items.without
        self._n_ratings, self._precision = len(train), 1.0

    def sweep(self) -> float:
        """Update all parameters once.

        Returns
        -------
        float
            Training RMSE in rating units, without clipping, of the new users' rows with the items'
            rows before the sweep.
        """
        users, items = self._users, self._items
        of_items = OtherSide(self._multipliers(items.rows), items.rows[:, 0])
        users.update(of_items, self._precision, self._freedom)
        weighted = float(users.squared_errors @ users.precisions)
        self._precision = self._random.gamma(1 + self._n_ratings / 2) / (1 + weighted / 2)
        weights = np.sqrt(self._precision * users.precisions)
        slopes = users.rows[:, -1] if self._has_drift else None
        items.update(OtherSide(self._multipliers(users.rows), users.rows[:, 0], slopes, weights))
        mean_square = float(users.squared_errors.sum()) / self._n_ratings
        return self._unit.deviation * math.sqrt(mean_square)

    def current(self, position: float) -> Draw:
        """The current parameters in rating units, with biases at a position of the users' order.

        Rows of users and items without ratings are prior means.
        """
        users, items = self._users, self._items
        rows = users.all_rows()
        user_rows = self._in_ratings(self._at_position(rows, position))
        slopes = rows[:, -1] if self._has_drift else np.zeros(len(rows))
        item_rows = self._in_ratings(items.all_rows())
        noise = 1.0 / (self._precision * users.precisions)
        user_variance, item_variance = np.zeros(len(user_rows)), np.zeros(len(item_rows))
        user_variance[users.rated.positions] = noise
        if len(self.users_without):
            multipliers = self._multipliers(items.rows)
            if self._has_drift:
                multipliers = np.column_stack([multipliers, np.full(len(multipliers), position)])
            unknown = users.variance_without(multipliers, items.rated.counts)
            user_variance[self.users_without] = noise.mean() + unknown
        if len(self.items_without):
            unknown = items.variance_without(self._multipliers(users.rows), users.rated.counts)
            item_variance[self.items_without] = unknown
        squared = self._unit.deviation**2
        return Draw(
            user_rows,
            item_rows,
            (self._unit.deviation * slopes).astype(np.float32),
            squared * user_variance,
            squared * item_variance,
            users.prior_draw(squared / self._precision).scaled(self._scale(users.rows.shape[1])),
        )

    @property
    def rated_features(self) -> RatedFeatures:
        """How the items that a user rated become features of the user."""
        return self._users.rated_features(self._items.rated)

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


def load_kernels(settings: TrainingSettings) -> None:
    """Load or compile the kernels that these settings need, by a sweep of a single rating."""
    position, one = np.zeros(1, dtype=np.int32), np.ones(1, dtype=np.float32)
    single = Observations(position, position, one, (1, 1))
    GibbsSampler(single, None, settings, np.random.default_rng(0)).sweep()
    product(sp.csr_array(one[:, None]), one[:, None], threads=1)
    compiled(add_scores)(0.0, position, position, one[:, None], one[:, None], np.zeros(1))
