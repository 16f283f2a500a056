"""Gibbs sampling of a Bayesian factorisation, the same bits for any number of threads."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.bayes.row_sampler import Rows, Side, Values


@dataclass(frozen=True)
class Draw:
    """One draw of all parameters, in the order of the rows of users and of items.

    Attributes
    ----------
    user_rows, item_rows : ndarray of float32, of shape (n_users, 1 + d) and (n_items, 1 + d)
        The bias, for users that at the place which is predicted for, and the factors.
    user_variance, item_variance : ndarray of shape (n_users,) and (n_items,)
        Of ratings about what the parameters say: the user's noise, and what is not known of users
        and items without ratings, of which the rows are a mean.
    """

    user_rows: NDArray[np.float32]
    item_rows: NDArray[np.float32]
    user_variance: Values
    item_variance: Values


class GibbsSampler:
    """Draws from the posterior of a matrix factorisation, one block of parameters after the other.

    The model is, for a rating that stands at place t of its user's order,

        r = mu + b_u + s_u t + b_i + p_u . q_i + e,   e ~ N(0, sigma^2 / a_u),

    with rows (b_u, p_u, s_u) and (b_i, q_i) that are normal about what is known of the user or the
    item (`Side`): of an item its words and, of both, how much and what by whom is rated. Each user
    has a precision a_u of his own about the common one, with a Gamma prior. All is drawn in units
    of the ratings' standard deviation, so that no prior hangs on the rating scale.

    Attributes
    ----------
    global_mean : float
        mu, the mean of the training ratings.
    users_without, items_without : ndarray of int, of shape (m,)
        Positions of those without training ratings.

    References
    ----------
    R. Salakhutdinov and A. Mnih, ICML 2008; J. Simm et al., MLSP 2017 (see `RowPrior`). What was
    rated as a feature: Y. Koren, "Factorization meets the neighborhood", KDD 2008 (SVD++).
    """

    def __init__(
        self,
        train: Observations,
        content: sp.csr_array | None,
        settings: TrainingSettings,
        random: np.random.Generator,
        threads: int = 1,
    ) -> None:
        self._random = random
        self._freedom = settings.noise_freedom
        ratings = train.ratings.astype(np.float64)
        self.global_mean = float(ratings.mean())
        self._unit = float(ratings.std()) or 1.0
        self._centred = (ratings - self.global_mean) / self._unit
        self._width = 1 + settings.latent_dim
        places = train.places if settings.drift else None
        self._places = np.zeros(len(ratings)) if places is None else places.astype(np.float64)
        matrix = train.to_matrix()
        feedback = settings.feedback
        user_width = self._width + (places is not None)
        self._users = Side(matrix, None, feedback, self._width, user_width, random, threads)
        transposed = sp.csr_array(matrix.T)
        widths = (self._width, self._width)
        self._items = Side(transposed, content, feedback, *widths, random, threads)
        users, items = self._users.places_of(train.users), self._items.places_of(train.items)
        self._users.rate(users, items)
        self._items.rate(items, users)
        self.users_without, self.items_without = self._users.without, self._items.without
        self._user_precision = np.ones(len(self._users.rows))
        self._precision = 1.0

    def sweep(self) -> float:
        """Draw everything once; the RMSE on the training part, unclipped, of what was drawn."""
        users, items = self._users, self._items
        weights = np.sqrt(self._precision * self._user_precision[users.own])
        targets = self._centred - items.rows[items.own, 0]
        users.draw(self._seen(items.rows), targets, weights, self._places)
        item_targets = self._centred - users.rows[users.own, 0]
        if users.rows.shape[1] > self._width:
            item_targets -= self._places * users.rows[users.own, -1]
        seen = self._seen(users.rows)
        items.draw(seen, item_targets, weights, np.zeros_like(targets))
        errors = item_targets - items.said(items.rows, seen, self._places)
        self._draw_noise(errors**2)
        return self._unit * float(np.sqrt(np.mean(errors**2)))

    def current(self, place: float) -> Draw:
        """The parameters as they were drawn last, with users at a place of their order.

        Those of users and items without ratings are the means of what is known of them.
        """
        users, items = self._users, self._items
        user_rows = self._in_ratings(self._at_place(users.all_rows(), place))
        item_rows = self._in_ratings(items.all_rows())
        of_rated = 1.0 / (self._precision * self._user_precision)
        user_variance, item_variance = np.zeros(len(user_rows)), np.zeros(len(item_rows))
        user_variance[users.rated] = of_rated
        if len(users.without):
            given = self._seen(items.rows)
            if users.rows.shape[1] > self._width:
                given = np.column_stack([given, np.full(len(given), place)])
            unknown = users.variance_without(given, np.diff(items.indptr))
            user_variance[users.without] = of_rated.mean() + unknown
        if len(items.without):
            unknown = items.variance_without(self._seen(users.rows), np.diff(users.indptr))
            item_variance[items.without] = unknown
        squared = self._unit**2
        return Draw(user_rows, item_rows, squared * user_variance, squared * item_variance)

    def _in_ratings(self, rows: Rows) -> NDArray[np.float32]:
        """Biases and factors of ratings that are not in units of their standard deviation."""
        scale = np.full(rows.shape[1], np.sqrt(self._unit))
        scale[0] = self._unit
        return (scale * rows).astype(np.float32)

    def _at_place(self, rows: Rows, place: float) -> Rows:
        """Users' biases and factors at a place of their order."""
        moved = rows[:, : self._width].copy()
        if rows.shape[1] > self._width:
            moved[:, 0] += place * rows[:, -1]
        return moved

    def _draw_noise(self, squared_errors: Values) -> None:
        """Draw the users' precisions, then the common one, from their Gamma posteriors."""
        random, own = self._random, self._users.own
        if self._freedom is not None:
            errors = np.bincount(own, squared_errors)
            shape = (self._freedom + np.bincount(own)) / 2
            rate = (self._freedom + self._precision * errors) / 2
            self._user_precision = random.gamma(shape) / rate
        weighed = float(squared_errors @ self._user_precision[own])
        self._precision = random.gamma(1 + len(own) / 2) / (1 + weighed / 2)

    def _seen(self, rows: Rows) -> Rows:
        """Rows as the other side multiplies them: 1 for the bias, and the factors."""
        seen = rows[:, : self._width].copy()
        seen[:, 0] = 1.0
        return seen
