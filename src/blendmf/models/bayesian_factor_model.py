"""Bayesian matrix factorisation: draws of the parameters from their posterior."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from statistics import NormalDist
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from blendmf.common.files import PathLike
from blendmf.models.moments import moment_effects
from blendmf.models.observations import Positions, known_positions
from blendmf.models.rating_times import TIMES_LAYOUT, RatingTimes
from blendmf.models.stored import COMMON, KIND, Layout, Stored, model_arrays, write_model
from blendmf.models.user_prior import PRIOR_LAYOUT, UserPrior

Floats = NDArray[np.float32]

LEVELS = np.linspace(0.0, 1.0, 201)
"""Interval levels whose widths a model stores; other widths are interpolated."""

NORMAL_WIDTHS = np.array([NormalDist().inv_cdf((1 + min(x, 0.9995)) / 2) for x in LEVELS])
"""Half-widths of the intervals of a normal distribution, in standard deviations."""

PRIOR, TIMES = "user_prior.", "times."
"""Start of the names of the arrays of the user prior and of the times in a model's file."""

BAYESIAN_LAYOUT: Layout = {
    **KIND,
    "n_users": Stored("", "int64", sizes="m"),
    "n_items": Stored("", "int64", sizes="n"),
    "rating_range": COMMON["rating_range"],
    "global_mean": Stored("", "float64"),
    "user_rows": Stored("s, m, 1 + d", "float32"),
    "item_rows": Stored("s, n, 1 + d", "float32"),
    "user_variance": Stored("m", "float32", least=0),
    "item_variance": Stored("n", "float32", least=0),
    "widths": Stored(str(len(LEVELS)), "float64", least=0),
    "user_slopes": Stored("m", "float32", optional=True),
    "moment_effects": Stored("2, k", "float32", optional=True),
    "cold_offsets": Stored("2", "float32", optional=True),
    **{f"{PRIOR}{name}": one._replace(optional=True) for name, one in PRIOR_LAYOUT.items()},
    **{f"{TIMES}{name}": one._replace(optional=True) for name, one in TIMES_LAYOUT.items()},
}
"""Arrays of a file; s is the number of draws, d of factors, k of training ratings."""


@dataclass(frozen=True, eq=False)
class BayesianFactorModel:
    """Expected parameters in each of s draws; a prediction is the mean over the draws.

    A draw predicts mu + b_u + b_i + p_u . q_i, with the expected rows of the users given the items'
    rows before, and of the items given the users' rows. Side information, such as words, is part of
    the rows. An unknown user or item (a negative position, or one past the end) is predicted as the
    mean of all users or items.

    Attributes
    ----------
    n_users, n_items : int
        Sizes of the index.
    rating_range : (float, float)
        Lowest and highest possible rating; predictions are clipped to it.
    global_mean : float
        mu.
    user_rows, item_rows : ndarray of shape (s, n_users, 1 + d) and (s, n_items, 1 + d)
        Bias and factors of s draws.
    user_variance, item_variance : ndarray of shape (n_users,) and (n_items,)
        Variance of ratings beyond the spread of the draws, averaged over the draws: a user's noise,
        and the variance of the predictions around those by the expected rows.
    widths : ndarray of shape (len(LEVELS),)
        Half-width of the interval of each level, in predicted standard deviations.
    user_prior : UserPrior, optional
        What is expected of a user before any rating; needed for users that join after the fit.
    user_slopes : ndarray of shape (n_users,), optional
        Mean over the draws of the users' drift: the change of a rating from the first to the last
        position of the user's order. The biases in `user_rows` are at ``user_prior.position``.
    times : RatingTimes, optional
        Times of the ratings that the model was fitted on.
    moment_effects : ndarray of shape (2, n_ratings), optional
        Mean over the draws of the effects of the moments (`blendmf.models.moments`) at `times`.
    cold_offsets : ndarray of shape (2,), optional
        What was added to the biases of users, and of items, without ratings.
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
    user_prior: UserPrior | None = None
    user_slopes: Floats | None = None
    times: RatingTimes | None = None
    moment_effects: Floats | None = None
    cold_offsets: Floats | None = None

    def predict(
        self, users: ArrayLike, items: ArrayLike, seconds: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """Predicted ratings of pairs: the mean over the draws, clipped to the rating range.

        Parameters
        ----------
        users, items : array of int, of shape (n,)
            Positions, possibly unknown.
        seconds : array of int, of shape (n,), optional
            Times of the ratings. By default they are at ``user_prior.position`` of the users'
            orders, and at no time of a known rating.

        Returns
        -------
        ndarray of shape (n,)
        """
        mean = self._moments(users, items)[0] + self._of_time(users, seconds)
        return np.clip(mean, *self.rating_range)

    def deviation(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
        """Standard deviation of a future rating in rating units, of shape (n,).

        It includes the uncertainty of the parameters and the user's noise, and ignores the rating
        range.
        """
        return np.sqrt(self._moments(users, items)[1] + self._other_variance(users, items))

    def intervals(
        self,
        users: ArrayLike,
        items: ArrayLike,
        level: ArrayLike,
        seconds: ArrayLike | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bounds of intervals that contain a future rating with probability `level`.

        Each of shape (n,), or (k, n) for k levels, within the rating range. The widths are
        quantiles of normalised validation errors, without an assumed noise distribution (split
        conformal prediction), or normal quantiles if there are no validation ratings.

        References
        ----------
        J. Lei et al., "Distribution-free predictive inference for regression", JASA 113 (2018).
        """
        low, high = self.rating_range
        mean, variance = self._moments(users, items)
        deviation = np.sqrt(variance + self._other_variance(users, items))
        half = np.interp(np.asarray(level), LEVELS, self.widths)[..., None] * deviation
        middle = np.clip(mean + self._of_time(users, seconds), low, high)
        return np.maximum(middle - half, low), np.minimum(middle + half, high)

    def score_pairs(self, users: ArrayLike, items: ArrayLike) -> Floats:
        """Unclipped scores of pairs, of shape (n,)."""
        return self._moments(users, items)[0].astype(np.float32)

    def score_users(self, users: ArrayLike) -> Floats:
        """Unclipped mean over the draws of all items for m users, of shape (m, n_items)."""
        u, known = known_positions(users, self.n_users)
        scores = np.zeros((len(u), self.n_items), dtype=np.float32)
        for of_users, of_items in zip(self.user_rows, self.item_rows, strict=True):
            own = _gathered(of_users, u, known)
            scores += own[:, 1:] @ of_items[:, 1:].T
            scores += own[:, :1] + of_items[:, 0]
        return self.global_mean + scores / np.float32(len(self.user_rows))

    @classmethod
    def pooled(cls, models: Sequence["BayesianFactorModel"]) -> "BayesianFactorModel":
        """All draws of several models of the same ratings and settings.

        The widths of intervals are those of the first model.
        """
        means: dict[str, Any] = {}
        optional = ("user_slopes", "moment_effects", "cold_offsets")
        for name in ("user_variance", "item_variance", *optional):
            arrays = [getattr(model, name) for model in models]
            if arrays[0] is not None:
                means[name] = np.mean(arrays, axis=0, dtype=np.float32)
        priors = [model.user_prior for model in models if model.user_prior is not None]
        return replace(
            models[0],
            user_rows=np.concatenate([model.user_rows for model in models]),
            item_rows=np.concatenate([model.item_rows for model in models]),
            user_prior=UserPrior.pooled(priors) if len(priors) == len(models) else None,
            **means,
        )

    def save(self, path: PathLike) -> None:
        """Write the draws to one ``.npz`` file."""
        values = {"kind": self.kind} | {f.name: getattr(self, f.name) for f in fields(self)}
        parts = {PRIOR: values.pop("user_prior"), TIMES: values.pop("times")}
        values = {name: value for name, value in values.items() if value is not None}
        for prefix, part in parts.items():
            values |= {} if part is None else part.arrays(prefix)
        write_model(path, BAYESIAN_LAYOUT, values)

    @classmethod
    def load(cls, path: PathLike) -> "BayesianFactorModel":
        """Read a model written by `save`."""
        with model_arrays(path, BAYESIAN_LAYOUT) as arrays:
            low, high = (float(rating) for rating in arrays["rating_range"])
            return cls(
                int(arrays["n_users"]),
                int(arrays["n_items"]),
                (low, high),
                float(arrays["global_mean"]),
                **{f.name: arrays[f.name] for f in fields(cls)[4:-5]},
                user_prior=UserPrior.of_arrays(arrays, PRIOR),
                user_slopes=arrays.get("user_slopes"),
                times=RatingTimes.of_arrays(arrays, TIMES),
                moment_effects=arrays.get("moment_effects"),
                cold_offsets=arrays.get("cold_offsets"),
            )

    def _of_time(self, users: ArrayLike, seconds: ArrayLike | None) -> NDArray[np.float64] | float:
        """What drift and moments add at known times, of shape (n,)."""
        if seconds is None or self.times is None:
            return 0.0
        u, known = known_positions(users, self.n_users)
        added = np.zeros(len(u))
        if self.user_slopes is not None and self.user_prior is not None:
            slopes = np.where(known, self.user_slopes[u], self.user_slopes.mean())
            usual = self.user_prior.position
            added += slopes * (self.times.positions(users, seconds, usual) - usual)
        if self.moment_effects is not None:
            added += moment_effects(self.times, self.moment_effects, users, seconds)
        return added

    def _other_variance(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
        """Variance of pairs beyond the spread of the draws.

        An unknown user or item has the mean variance, and the variance of the prediction over all
        users or items, of which it may be any.
        """
        u, user_known = known_positions(users, self.n_users)
        i, item_known = known_positions(items, self.n_items)
        variance = np.where(user_known, self.user_variance[u], self.user_variance.mean())
        variance = variance + np.where(item_known, self.item_variance[i], self.item_variance.mean())
        if user_known.all() and item_known.all():
            return variance
        spread = np.zeros(len(u))
        for of_users, of_items in zip(self.user_rows, self.item_rows, strict=True):
            by_item, by_user = (
                _gathered(of_items, i, item_known),
                _gathered(of_users, u, user_known),
            )
            spread += np.where(user_known, 0.0, _variance_over(of_users, by_item))
            spread += np.where(item_known, 0.0, _variance_over(of_items, by_user))
        return variance + spread / len(self.user_rows)

    def _moments(
        self, users: ArrayLike, items: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and variance over the draws of the predictions of pairs, of shape (n,)."""
        n_draws, n_pairs = len(self.user_rows), len(np.atleast_1d(users))
        total, squares = np.zeros(n_pairs), np.zeros(n_pairs)
        for predicted in self._predictions(users, items):
            total += predicted
            squares += predicted**2
        mean = total / n_draws
        return self.global_mean + mean, np.maximum(squares / n_draws - mean**2, 0.0)

    def _predictions(self, users: ArrayLike, items: ArrayLike) -> Iterator[NDArray[np.float64]]:
        """Predictions of pairs by each draw, without mu, each of shape (n,)."""
        u, user_known = known_positions(users, self.n_users)
        i, item_known = known_positions(items, self.n_items)
        for of_users, of_items in zip(self.user_rows, self.item_rows, strict=True):
            p, q = _gathered(of_users, u, user_known), _gathered(of_items, i, item_known)
            products = np.einsum("nd,nd->n", p[:, 1:], q[:, 1:])
            yield products.astype(np.float64) + p[:, 0] + q[:, 0]


def _variance_over(rows: Floats, others: Floats) -> NDArray[np.float64]:
    """Variance over all `rows`, (n, 1 + d), of their predictions with each of m others, (m,)."""
    multipliers = others.astype(np.float64)
    multipliers[:, 0] = 1.0
    covariance = np.cov(rows.T, bias=True)
    return np.asarray(np.einsum("md,de,me->m", multipliers, covariance, multipliers))


def _gathered(rows: Floats, positions: Positions, known: NDArray[np.bool_]) -> Floats:
    """Rows at the given positions; the mean of all rows for unknown positions."""
    gathered = rows[positions]
    if not known.all():
        gathered[~known] = rows.mean(axis=0)
    return gathered
