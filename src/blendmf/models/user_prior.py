"""What a Bayesian model expects of a user before any rating, and how ratings change it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from blendmf.models.stored import Layout, Stored

Values = NDArray[np.float64]
Floats = NDArray[np.float32]

FIRST_STEPS = 10
"""Steps between the user's parameters and the user's noise before the first draw."""


PRIOR_LAYOUT: Layout = {
    "position": Stored("", "float64"),
    "noise_freedom": Stored("", "float64", finite=False, least=0),
    "noise_variance": Stored("s", "float32", least=0),
    "intercept": Stored("s, w", "float32"),
    "precision": Stored("s, w, w", "float32"),
    "rated_weights": Stored("n", "float32"),
    "rated_directions": Stored("n, r", "float32"),
    "rated_effects": Stored("s, r, w", "float32"),
    "activity_scale": Stored("2", "float32"),
    "activity_effects": Stored("s, 2, w", "float32"),
}
"""Arrays of a file; s is the number of draws, w the width of a user's row."""


class PriorDraw(NamedTuple):
    """Prior of the users' rows in one draw; the fields of `UserPrior` without the draws."""

    noise_variance: float
    intercept: Values
    precision: Values
    rated_effects: Values
    activity_effects: Values

    def scaled(self, scale: Values) -> "PriorDraw":
        """Prior of rows whose coordinates are multiplied by `scale`, of shape (width,)."""
        return self._replace(
            intercept=scale * self.intercept,
            precision=self.precision / np.outer(scale, scale),
            rated_effects=scale * self.rated_effects,
            activity_effects=scale * self.activity_effects,
        )


class RatedFeatures(NamedTuple):
    """How the items that a user rated become features; the fields of `UserPrior`."""

    rated_weights: Values
    rated_directions: Values
    activity_scale: Values


@dataclass(frozen=True, eq=False)
class UserPrior:
    """Prior of the users' rows in each of s draws, in rating units.

    A row is the bias, the d factors and, with drift, the slope: `width` coordinates. Its prior is
    normal. The mean is the intercept plus, if the model uses feedback, linear functions of which
    items the user rated and of how many.

    Attributes
    ----------
    position : float
        Position in the rating order, from -1/2 to 1/2, for which ratings are predicted.
    noise_freedom : float
        Degrees of freedom of a user's own noise; infinite if all users have the same noise.
    noise_variance : ndarray of shape (s,)
        Common variance of the ratings given all parameters.
    intercept : ndarray of shape (s, width)
    precision : ndarray of shape (s, width, width)
    rated_weights : ndarray of shape (n_items,)
        Weight of each item among those that a user rated; 0 for items without training ratings.
    rated_directions : ndarray of shape (n_items, r)
        Directions of the normalised weights.
    rated_effects : ndarray of shape (s, r, width)
        Effect of each direction on a row.
    activity_scale : ndarray of shape (2,)
        Mean and standard deviation, over the training users, of log(1 + number of ratings).
    activity_effects : ndarray of shape (s, 2, width)
        Effect of the standardised logarithm, and of its square minus 1.
    """

    position: float
    noise_freedom: float
    noise_variance: Floats
    intercept: Floats
    precision: Floats
    rated_weights: Floats
    rated_directions: Floats
    rated_effects: Floats
    activity_scale: Floats
    activity_effects: Floats

    def means(self, rated: NDArray[np.int64]) -> Values:
        """Prior mean of the row of a user who rated some items, of shape (s, width).

        Parameters
        ----------
        rated : ndarray of int64, of shape (n,)
            Positions of the items, each once.
        """
        means = self.intercept.astype(np.float64)
        weights = self.rated_weights[rated].astype(np.float64)
        if length := np.linalg.norm(weights):
            direction = (weights / length) @ self.rated_directions[rated]
            means += np.einsum("r,srw->sw", direction, self.rated_effects)
        mean, deviation = self.activity_scale
        if deviation:
            standard = (np.log1p(len(rated)) - mean) / deviation
            means += np.einsum("r,srw->sw", [standard, standard**2 - 1], self.activity_effects)
        return means

    def expect(
        self,
        rated: NDArray[np.int64],
        targets: Values,
        order: Values,
        item_rows: Floats,
        item_squares: Values,
        random: np.random.Generator,
    ) -> tuple[Floats, float, float]:
        """Expected rows of a new user given the items' rows of each draw.

        The row x and the relative noise precision a of draw k are drawn in turn,

            x | a ~ N(P^-1 (L m + a / v X' y), P^-1),   P = L + a / v X' X,
            a | x ~ Gamma((f + n) / 2, (f + |y - X x|^2 / v) / 2),

        with prior mean m and precision L of the draw, noise variance v, and f degrees of freedom.
        X are the rated items' rows with 1 for the bias and, with drift, the rating's position. The
        chain goes on from draw to draw. The expected row is the mean of x given a.

        Parameters
        ----------
        rated : ndarray of int64, of shape (n,)
            Positions of the rated items, each once.
        targets : ndarray of shape (n,)
            Ratings minus mu.
        order : ndarray of shape (n,)
            Position of each rating in the user's order.
        item_rows : ndarray of shape (s, n_items, 1 + d)
            The model's rows of the items.
        item_squares : ndarray of shape (s, 1 + d, 1 + d)
            Mean over the items of the products of their rows' coordinates, with 1 for the bias.
        random : Generator

        Returns
        -------
        (ndarray of float32 of shape (s, 1 + d), float, float)
            Bias at the predicted position and factors, the mean of the slopes (0 without drift),
            and that of the variances: the noise, and the row around the expected row.
        """
        n_draws, width = self.intercept.shape
        n_shared = item_rows.shape[2]
        means, precision = self.means(rated), 1.0
        rows = np.empty((n_draws, n_shared), dtype=np.float32)
        slopes, variances = np.zeros(n_draws), np.empty(n_draws)
        for k in range(n_draws):
            design = np.ones((len(rated), width))
            design[:, 1:n_shared] = item_rows[k, rated, 1:]
            if width > n_shared:
                design[:, -1] = order
            left = targets - item_rows[k, rated, 0]
            variance = float(self.noise_variance[k])
            for _ in range(1 if k else FIRST_STEPS):
                expected, row = _draw_row(
                    means[k], self.precision[k], design, left, variance / precision, random
                )
                if np.isfinite(self.noise_freedom):
                    errors = float(np.sum((left - design @ row) ** 2)) / variance
                    shape = (self.noise_freedom + len(left)) / 2
                    precision = random.gamma(shape) / ((self.noise_freedom + errors) / 2)
            deviation = self._at_position(row - expected, n_shared)
            variances[k] = variance / precision + deviation @ item_squares[k] @ deviation
            rows[k] = self._at_position(expected, n_shared)
            if width > n_shared:
                slopes[k] = expected[-1]
        return rows, float(slopes.mean()), float(variances.mean())

    def _at_position(self, row: Values, n_shared: int) -> Values:
        """Bias, with the drift up to the predicted position if any, and factors of a row."""
        moved = row[:n_shared].copy()
        if len(row) > n_shared:
            moved[0] += self.position * row[-1]
        return moved

    @classmethod
    def of_draws(
        cls,
        draws: list[PriorDraw],
        features: RatedFeatures,
        position: float,
        noise_freedom: float | None,
    ) -> "UserPrior":
        """Prior of all draws; `noise_freedom` is None if all users have the same noise."""
        stacked = {
            name: np.array([getattr(draw, name) for draw in draws], dtype=np.float32)
            for name in PriorDraw._fields
        }
        fixed = {name: array.astype(np.float32) for name, array in features._asdict().items()}
        freedom = np.inf if noise_freedom is None else noise_freedom
        return cls(position, freedom, **stacked, **fixed)

    @classmethod
    def pooled(cls, priors: Sequence["UserPrior"]) -> "UserPrior":
        """Prior of the draws of several chains, which have the same features."""
        of_draws: dict[str, Any] = {
            name: np.concatenate([getattr(prior, name) for prior in priors])
            for name in PriorDraw._fields
        }
        return replace(priors[0], **of_draws)

    def arrays(self, prefix: str) -> dict[str, NDArray[np.floating]]:
        """All values as arrays, under their names after a prefix."""
        return {f"{prefix}{f.name}": np.asarray(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def of_arrays(cls, arrays: dict[str, np.ndarray], prefix: str) -> "UserPrior | None":
        """The prior among the arrays of a file; None if the file has none."""
        names = [prefix + f.name for f in fields(cls)]
        if not any(name in arrays for name in names):
            return None
        values = [arrays[name] for name in names]
        return cls(float(values[0]), float(values[1]), *values[2:])


def _draw_row(
    mean: Values,
    prior_precision: Floats,
    design: Values,
    targets: Values,
    variance: float,
    random: np.random.Generator,
) -> tuple[Values, Values]:
    """Mean of a row's normal conditional distribution, and a draw from it."""
    lower = np.linalg.cholesky(prior_precision + design.T @ design / variance)
    gain = design.T @ (targets - design @ mean) / variance
    # NumPy's solver, because SciPy's for triangles takes 0.1 s to load.
    steps = np.column_stack([np.linalg.solve(lower, gain), random.standard_normal(len(mean))])
    to_mean, to_draw = np.linalg.solve(lower.T, steps).T
    return mean + to_mean, mean + to_mean + to_draw
