"""A factorisation that is not one set of parameters but draws from their posterior."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from blendmf.common.files import PathLike, read_arrays, write_arrays
from blendmf.models.positions import Positions, known_positions

Floats = NDArray[np.float32]

LEVELS = np.linspace(0.0, 1.0, 201)
"""Levels of the intervals whose widths a model knows; those between are interpolated."""

NORMAL_WIDTHS = ndtri((1 + np.minimum(LEVELS, 0.9995)) / 2)
"""Half-widths of the intervals of a normal distribution, in standard deviations."""


@dataclass(frozen=True, eq=False)
class BayesianFactorModel:
    """Draws of all parameters; a prediction is the mean of what they say.

    A draw says mu + b_u + b_i + p_u . q_i. What is known of a user or an item beside the ratings
    has gone into the draws, and so has that an item without ratings is known by its words alone.
    A user or item outside the index (a negative position, or one past the end) is taken for the
    mean of all users or items.

    Attributes
    ----------
    n_users, n_items : int
        Size of the index of positions.
    rating_range : (float, float)
        Lowest and highest possible rating; predictions are clipped to it.
    global_mean : float
        mu.
    user_rows, item_rows : ndarray of shape (s, n_users, 1 + d) and (s, n_items, 1 + d)
        Of s draws: the bias and the factors.
    user_variance, item_variance : ndarray of shape (n_users,) and (n_items,)
        Of ratings about what the draws say, means over the draws: each user's noise, and of those
        without ratings, of which every draw says the same mean, what is not known of them.
    widths : ndarray of shape (len(LEVELS),)
        Half-width of the interval of each level, in predicted standard deviations.
    """

    kind: ClassVar[str] = "bayesian-factor-model"
    predicts_ratings: ClassVar[bool] = True

    n_users: int
    n_items: int
    rating_range: tuple[float, float]
    global_mean: float
    user_rows: Floats
    item_rows: Floats
    user_variance: Floats
    item_variance: Floats
    widths: NDArray[np.float64]

    def predict(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
        """Predicted ratings of pairs: the draws' mean, clipped to the rating range.

        Parameters
        ----------
        users, items : array of int, of shape (n,)
            Positions; an unknown one falls back as the class states.

        Returns
        -------
        ndarray of shape (n,)
        """
        return np.clip(self._moments(users, items)[0], *self.rating_range)

    def deviation(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
        """Standard deviation of a rating that is yet to be given, of shape (n,).

        What is not known of the parameters (the spread of the draws, and what they leave open) and
        the user's own noise. In rating steps, and as if ratings had no bounds.
        """
        return np.sqrt(self._moments(users, items)[1] + self._beyond(users, items))

    def intervals(
        self, users: ArrayLike, items: ArrayLike, level: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ends of intervals that hold a rating yet to be given with probability `level`.

        Each of shape (n,), or (k, n) for k levels, within the rating range. The widths are those
        that held so many of the validation ratings, in predicted standard deviations: the shape of
        the noise is not taken for granted (split conformal prediction with normalised errors).

        References
        ----------
        J. Lei et al., "Distribution-free predictive inference for regression", JASA 113 (2018).
        """
        low, high = self.rating_range
        mean, variance = self._moments(users, items)
        deviation = np.sqrt(variance + self._beyond(users, items))
        half = np.interp(np.asarray(level), LEVELS, self.widths)[..., None] * deviation
        middle = np.clip(mean, low, high)
        return np.maximum(middle - half, low), np.minimum(middle + half, high)

    def score_pairs(self, users: ArrayLike, items: ArrayLike) -> Floats:
        """Scores of pairs as `score_users` has them, of shape (n,)."""
        return self._moments(users, items)[0].astype(np.float32)

    def score_users(self, users: ArrayLike) -> Floats:
        """Scores of all items for m users: the draws' mean, unclipped, of shape (m, n_items)."""
        u, known = known_positions(users, self.n_users)
        scores = np.zeros((len(u), self.n_items), dtype=np.float32)
        for of_users, of_items in zip(self.user_rows, self.item_rows, strict=True):
            own = _gathered(of_users, u, known)
            scores += own[:, 1:] @ of_items[:, 1:].T
            scores += own[:, :1] + of_items[:, 0]
        return self.global_mean + scores / np.float32(len(self.user_rows))

    def score_all(self, user: int) -> Floats:
        """Scores of all items for one user, of shape (n_items,)."""
        return self.score_users([user])[0]

    def save(self, path: PathLike) -> None:
        """Write the draws to one ``.npz`` file that needs no pickle."""
        arrays = {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}
        write_arrays(path, {"kind": np.array(self.kind), **arrays})

    @classmethod
    def load(cls, path: PathLike) -> "BayesianFactorModel":
        """Read a model that `save` wrote."""
        arrays = read_arrays(path)
        low, high = (float(rating) for rating in arrays["rating_range"])
        return cls(
            int(arrays["n_users"]),
            int(arrays["n_items"]),
            (low, high),
            float(arrays["global_mean"]),
            *(arrays[f.name] for f in fields(cls)[4:]),
        )

    def _beyond(self, users: ArrayLike, items: ArrayLike) -> Floats:
        """Variance about what the draws say of pairs, the mean of all for what is unknown."""
        u, user_known = known_positions(users, self.n_users)
        i, item_known = known_positions(items, self.n_items)
        of_users = np.where(user_known, self.user_variance[u], self.user_variance.mean())
        return of_users + np.where(item_known, self.item_variance[i], self.item_variance.mean())

    def _moments(
        self, users: ArrayLike, items: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and variance over the draws of what each says of pairs, of shape (n,)."""
        n_draws, n_pairs = len(self.user_rows), len(np.atleast_1d(users))
        total, squares = np.zeros(n_pairs), np.zeros(n_pairs)
        for said in self._said(users, items):
            total += said
            squares += said**2
        mean = total / n_draws
        return self.global_mean + mean, np.maximum(squares / n_draws - mean**2, 0.0)

    def _said(self, users: ArrayLike, items: ArrayLike) -> Iterator[NDArray[np.float64]]:
        """What each draw says of pairs beyond mu."""
        u, user_known = known_positions(users, self.n_users)
        i, item_known = known_positions(items, self.n_items)
        for of_users, of_items in zip(self.user_rows, self.item_rows, strict=True):
            p, q = _gathered(of_users, u, user_known), _gathered(of_items, i, item_known)
            said = np.einsum("nd,nd->n", p[:, 1:], q[:, 1:])
            yield said.astype(np.float64) + p[:, 0] + q[:, 0]


def _gathered(rows: Floats, positions: Positions, known: NDArray[np.bool_]) -> Floats:
    """Rows at some positions, and the mean of all rows where a position is not known."""
    gathered = rows[positions]
    if not known.all():
        gathered[~known] = rows.mean(axis=0)
    return gathered
