"""Gibbs sampling of a Bayesian factorisation, the same bits for any number of threads."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from blendmf.data.observations import Observations
from blendmf.training.compiled import compiled
from blendmf.training.gibbs_kernels import draw_rows, pair_products
from blendmf.training.row_prior import RowPrior
from blendmf.training.row_tasks import in_threads, row_tasks
from blendmf.training.settings import TrainingSettings
from blendmf.training.side_information import SideInformation, activity, raters

Rows = NDArray[np.float64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Draw:
    """One draw of all parameters, in the order of the rows of users and of items.

    Attributes
    ----------
    user_rows, item_rows : ndarray of float32, of shape (n_users, 1 + d) and (n_items, 1 + d)
        The bias, for users that at the place which is predicted for, and the factors.
    noise_variance : ndarray of shape (n_users,)
        Of a user's ratings about what the parameters say.
    """

    user_rows: NDArray[np.float32]
    item_rows: NDArray[np.float32]
    noise_variance: Values


class Side:
    """The rows of users, or of items, and their ratings in succession.

    Attributes
    ----------
    own, others : ndarray of int32, of shape (n_ratings,)
        Row of this side and of the other one, of each rating in the order of the training part.
    order, indptr : ndarray of int64
        Row k has the ratings ``order[indptr[k] : indptr[k + 1]]``.
    rows : ndarray of shape (n, width)
        The bias, the factors, and for users with a drift its slope.
    prior : RowPrior
    """

    def __init__(
        self,
        own: NDArray[np.int32],
        others: NDArray[np.int32],
        rows: Rows,
        known: list[SideInformation],
    ) -> None:
        self.own, self.others, self.rows = own, others, rows
        self.order = np.argsort(own, kind="stable")
        self.indptr = np.concatenate([[0], np.cumsum(np.bincount(own, minlength=len(rows)))])
        self.prior = RowPrior(known, *rows.shape)
        self.tasks = row_tasks(self.indptr)
        self._others_in_order = others[self.order]

    def draw(
        self,
        other_rows: Rows,
        targets: Values,
        weights: Values,
        places: Values,
        random: np.random.Generator,
        threads: int,
    ) -> None:
        """Draw the prior given the rows, then the rows given the other side.

        A row x with prior mean m and precision L L' is drawn as m + L'^-1 z, with z standard
        normal a priori.

        Parameters
        ----------
        other_rows : ndarray of shape (n_others, 1 + d)
            With 1 in place of the bias.
        targets : ndarray of shape (n_ratings,)
            The ratings less mu and the bias of the other side.
        weights : ndarray of shape (n_ratings,)
            One over the standard deviation of each rating's noise.
        places : ndarray of shape (n_ratings,)
            What multiplies the slope; without effect where the rows have none.
        """
        self.prior.draw(self.rows, random)
        width, n_seen = self.rows.shape[1], other_rows.shape[1]
        lower = np.linalg.cholesky(self.prior.precision)
        inverse = solve_triangular(lower, np.eye(width), lower=True)
        beyond = targets - self.said(self.prior.mean, other_rows, places)
        has_slope = width > n_seen
        whitened = np.ascontiguousarray(other_rows @ inverse[:, :n_seen].T)
        slope = inverse[:, -1].copy() if has_slope else np.zeros(width)
        normal = random.standard_normal(self.rows.shape)
        noise = random.standard_normal(len(targets))
        kernel = compiled(draw_rows)
        ratings = (self._others_in_order, *(a[self.order] for a in (beyond, weights, places)))

        def task(begin: int, end: int) -> Callable[[], None]:
            given = (self.indptr, *ratings, noise, whitened, slope)
            return lambda: kernel(begin, end, *given, normal)

        in_threads([task(begin, end) for begin, end in self.tasks], threads)
        self.rows = self.prior.mean + normal @ inverse

    def said(self, rows: Rows, other_rows: Rows, places: Values) -> Values:
        """What rows of this side, with those of the other, say of each rating, of shape (n,)."""
        n_seen = other_rows.shape[1]
        products = np.empty(len(self.own))
        seen = np.ascontiguousarray(rows[:, :n_seen])
        compiled(pair_products)(self.own, self.others, seen, other_rows, products)
        if rows.shape[1] > n_seen:
            products += places * rows[self.own, -1]
        return products


class GibbsSampler:
    """Draws from the posterior of a matrix factorisation, one block of parameters after the other.

    The model is, for a rating that stands at place t of its user's order,

        r = mu + b_u + s_u t + b_i + p_u . q_i + e,   e ~ N(0, sigma^2 / a_u),

    with rows (b_u, p_u, s_u) and (b_i, q_i) that are normal about what is known of the user or the
    item (`RowPrior`): of an item its words and, of both, how much and what by whom is rated. Each
    user has a precision a_u of his own about the common one, with a Gamma prior.

    Attributes
    ----------
    global_mean : float
        mu, the mean of the training ratings.

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
        self._random, self._threads = random, threads
        self._freedom = settings.noise_freedom
        users, items = (np.ascontiguousarray(a, dtype=np.int32) for a in (train.users, train.items))
        ratings = train.ratings.astype(np.float64)
        self.global_mean = float(ratings.mean())
        self._centred = ratings - self.global_mean
        has_drift = settings.drift and train.places is not None
        self._places = (
            train.places.astype(np.float64)
            if has_drift and train.places is not None
            else np.zeros(len(ratings))
        )
        known_users, known_items = _known(train, content, settings.feedback, random)
        d = settings.latent_dim
        self._users = Side(users, items, self._start(train.shape[0], d, has_drift), known_users)
        self._items = Side(items, users, self._start(train.shape[1], d), known_items)
        self._user_precision = np.ones(train.shape[0])
        self._precision = 1.0

    def _start(self, n: int, d: int, has_slope: bool = False) -> Rows:
        rows = np.zeros((n, 1 + d + has_slope))
        rows[:, 1 : 1 + d] = 0.1 * self._random.standard_normal((n, d))
        return rows

    def sweep(self) -> float:
        """Draw everything once; the RMSE on the training part, unclipped, of what was drawn."""
        users, items, random = self._users, self._items, self._random
        weights = np.sqrt(self._precision * self._user_precision[users.own])
        targets = self._centred - items.rows[items.own, 0]
        users.draw(_seen(items.rows), targets, weights, self._places, random, self._threads)
        item_targets = self._centred - users.rows[users.own, 0]
        if users.rows.shape[1] > items.rows.shape[1]:
            item_targets -= self._places * users.rows[users.own, -1]
        seen = _seen(users.rows[:, : items.rows.shape[1]])
        items.draw(seen, item_targets, weights, np.zeros_like(targets), random, self._threads)
        errors = item_targets - items.said(items.rows, seen, self._places)
        self._draw_noise(errors**2)
        return float(np.sqrt(np.mean(errors**2)))

    def current(self, place: float) -> Draw:
        """The parameters as they were drawn last, with users at a place of their order."""
        rows, width = self._users.rows, self._items.rows.shape[1]
        user_rows = rows[:, :width].astype(np.float32)
        if rows.shape[1] > width:
            user_rows[:, 0] += (place * rows[:, -1]).astype(np.float32)
        variance = 1.0 / (self._precision * self._user_precision)
        return Draw(user_rows, self._items.rows.astype(np.float32), variance)

    def _draw_noise(self, squared_errors: Values) -> None:
        """Draw the users' precisions, then the common one, from their Gamma posteriors."""
        random, own = self._random, self._users.own
        if self._freedom is not None:
            n_users = len(self._user_precision)
            errors = np.bincount(own, squared_errors, minlength=n_users)
            shape = (self._freedom + np.bincount(own, minlength=n_users)) / 2
            rate = (self._freedom + self._precision * errors) / 2
            self._user_precision = random.gamma(shape) / rate
        weighed = float(squared_errors @ self._user_precision[own])
        self._precision = random.gamma(1 + len(own) / 2) / (1 + weighed / 2)


def load_kernels() -> None:
    """Have the kernels loaded or compiled, by calls that find nothing to do."""
    whole, positions, values = np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0)
    nothing = np.zeros((0, 1))
    compiled(draw_rows)(
        0, 0, whole, positions, values, values, values, values, nothing, np.zeros(1), nothing
    )
    compiled(pair_products)(positions, positions, nothing, nothing, values)


def _known(
    train: Observations, content: sp.csr_array | None, feedback: bool, random: np.random.Generator
) -> tuple[list[SideInformation], list[SideInformation]]:
    """What is known of users and of items beside their ratings."""
    of_users: list[sp.csr_array | Rows] = []
    of_items: list[sp.csr_array | Rows] = [] if content is None else [content]
    if feedback:
        ratings = train.to_matrix()
        for known, matrix in ((of_users, ratings), (of_items, sp.csr_array(ratings.T))):
            known += [raters(matrix), activity(np.diff(matrix.indptr))]
    described = [
        [SideInformation.of_features(one, random) for one in known if _says_something(one)]
        for known in (of_users, of_items)
    ]
    return described[0], described[1]


def _says_something(features: sp.csr_array | Rows) -> bool:
    return bool(np.any(features.data if isinstance(features, sp.csr_array) else features))


def _seen(rows: Rows) -> Rows:
    """Rows as the other side multiplies them: 1 for the bias, and the factors."""
    seen = rows.copy()
    seen[:, 0] = 1.0
    return seen
