"""Gibbs sampling of a Bayesian matrix factorisation, bit-identical for any number of threads.

The model of a rating at position t of its user's order (from -1/2 to 1/2) is

    r = mu + b_u + s_u t + b_i + p_u . q_i + m + e,   e ~ N(0, 1 / (alpha a_u)).

The effects m are common to what the user rates at one time (`MomentSampler`).
The prior of the rows (b_u, p_u, s_u) and (b_i, q_i) is normal. Its mean is linear in side
information: an item's words, a user's features, and each row's number of ratings and raters
(`RowSampler`). The user's relative noise precision a_u has a Gamma prior, or is 1 if
``noise_freedom`` is None. Ratings are standardised, so no prior depends on the rating scale. A
sweep updates

    the moment effects,
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
from blendmf.models.rating_times import RatingTimes, time_order
from blendmf.models.user_prior import PriorDraw, RatedFeatures
from blendmf.training.bayes.gibbs_kernels import add_scores
from blendmf.training.bayes.moment_effects import MomentSampler
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
        Bias and factors; the users' bias includes the drift up to the predicted position. They are
        the means of the users' rows given the items' rows of the draw before, and of the items'
        rows given the users' rows of this draw. For a pair without a training rating, their product
        has the same mean over the draws as that of the drawn rows, and a smaller variance
        (Rao-Blackwell).
    user_slopes : ndarray of float32, of shape (n_users,)
        Drift from the first to the last position; zeros without drift.
    user_variance, item_variance : ndarray of shape (n_users,) and (n_items,)
        Variance of ratings given these rows: the user's noise, and the variance of the drawn rows
        around them.
    user_prior : PriorDraw
        Prior of the rows of users with ratings.
    moment_effects : list of ndarray of float32
        Effects of the moments of each gap in `blendmf.models.moments.GAPS`; empty without.
    """

    user_rows: NDArray[np.float32]
    item_rows: NDArray[np.float32]
    user_slopes: NDArray[np.float32]
    user_variance: Values
    item_variance: Values
    user_prior: PriorDraw
    moment_effects: list[NDArray[np.float32]]


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
        Uses ``latent_dim``, ``drift``, ``moments``, ``feedback`` and ``noise_freedom``.
    random : Generator
    threads : int
        Number of threads; does not affect the result.

    Attributes
    ----------
    global_mean : float
        mu, the mean of the training ratings.
    times : RatingTimes or None
        Times of the training ratings, if the model uses them.
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
        uses_times = settings.drift or settings.moments
        by_time = time_order(train) if uses_times and train.times is not None else None
        self.times = None if by_time is None else RatingTimes.of(train, by_time)
        self._has_drift = settings.drift and self.times is not None
        feedback, width = settings.feedback, self._width
        of_users, of_items = rated_rows(train, by_time)
        user_width = width + self._has_drift
        self._users = RowSampler(
            of_users, user_features, feedback, width, user_width, random, threads
        )
        self._items = RowSampler(of_items, content, feedback, width, width, random, threads)
        self._ratings = self._unit.standardised(train.ratings[of_users.chosen]).astype(np.float32)
        self._order = np.zeros(len(train), dtype=np.float32)
        if self._has_drift and self.times is not None and train.times is not None:
            own = train.users[of_users.chosen], train.times[of_users.chosen]
            self._order = self.times.positions(*own)
        index = np.empty_like(of_users.chosen)
        index[of_users.chosen] = np.arange(len(train))
        self._of_items = index[of_items.chosen]
        self._users.set_ratings(self._ratings, self._order)
        self._items.set_ratings(self._ratings[self._of_items], self._order[self._of_items])
        self._moments: MomentSampler | None = None
        self._threads = threads
        self.users_without, self.items_without = of_users.without, of_items.without
        self._n_ratings, self._precision = len(train), 1.0

    def add_moments(self) -> None:
        """Include moment effects from now on, if the times of the ratings are known."""
        if self.times is not None:
            of_users, random = self._users.rated, self._random
            self._moments = MomentSampler(self.times, of_users, random, self._threads)

    def sweep(self) -> float:
        """Update all parameters once.

        Returns
        -------
        float
            Training RMSE in rating units, without clipping, of the new users' rows with the items'
            rows before the sweep.
        """
        users, items = self._users, self._items
        if self._moments is not None:
            self._draw_moments(self._moments)
        of_items = OtherSide(self._multipliers(items.rows), items.rows[:, 0])
        users.update(of_items, self._precision, self._freedom)
        weighted = float(users.squared_errors @ users.precisions)
        self._precision = self._random.gamma(1 + self._n_ratings / 2) / (1 + weighted / 2)
        weights = np.sqrt(self._precision * users.precisions)
        slopes = users.rows[:, -1] if self._has_drift else None
        items.update(OtherSide(self._multipliers(users.rows), users.rows[:, 0], slopes, weights))
        mean_square = float(users.squared_errors.sum()) / self._n_ratings
        return self._unit.deviation * math.sqrt(mean_square)

    def _draw_moments(self, moments: MomentSampler) -> None:
        users, items = self._users, self._items
        shared = users.rows[:, : self._width]
        slopes = users.rows[:, -1].copy() if self._has_drift else np.zeros(len(shared))
        precisions = self._precision * users.precisions
        left = moments.draw(self._ratings, self._order, shared, items.rows, slopes, precisions)
        users.set_ratings(left)
        items.set_ratings(left[self._of_items])

    def current(self, position: float) -> Draw:
        """The current parameters in rating units, with biases at a position of the users' order.

        Rows of users and items without ratings are prior means.
        """
        users, items = self._users, self._items
        rows = users.expected_rows()
        user_rows = self._in_ratings(self._at_position(rows, position))
        slopes = rows[:, -1] if self._has_drift else np.zeros(len(rows))
        item_rows = self._in_ratings(items.expected_rows())
        of_moments = 0.0 if self._moments is None else self._moments.variance
        noise = of_moments + 1.0 / (self._precision * users.precisions)
        by_items = self._multipliers(items.rows)
        if self._has_drift:
            by_items = np.column_stack([by_items, np.full(len(by_items), position)])
        user_variance = users.variances(by_items, items.rated.counts)
        user_variance[users.rated.positions] += noise
        user_variance[self.users_without] += noise.mean()
        item_variance = items.variances(self._multipliers(users.expected), users.rated.counts)
        squared, deviation = self._unit.deviation**2, self._unit.deviation
        common_noise = squared * (of_moments + 1 / self._precision)
        effects = [] if self._moments is None else self._moments.effects
        return Draw(
            user_rows,
            item_rows,
            (deviation * slopes).astype(np.float32),
            squared * user_variance,
            squared * item_variance,
            users.prior_draw(common_noise).scaled(self._scale(users.rows.shape[1])),
            [np.float32(deviation) * of_gap for of_gap in effects],
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
    """Load or compile the kernels that these settings need, by a sweep of two ratings."""
    pair, ones = np.zeros(2, dtype=np.int32), np.ones(2, dtype=np.float32)
    items = np.arange(2, dtype=np.int32)
    train = Observations(pair, items, ones, (1, 2), np.arange(2))
    sampler = GibbsSampler(train, None, settings, np.random.default_rng(0))
    if settings.moments:
        sampler.add_moments()
    sampler.sweep()
    product(sp.csr_array(ones[:1, None]), ones[:1, None], threads=1)
    compiled(add_scores)(0.0, pair, pair, ones[:, None], ones[:, None], np.zeros(2))
