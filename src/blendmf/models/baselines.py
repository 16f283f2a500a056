"""Models without factors: mean, biases, popularity, random."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from blendmf.common.files import PathLike
from blendmf.models.factor_model import FactorModel
from blendmf.models.observations import Observations, known_positions
from blendmf.models.stored import COMMON, KIND, Layout, Stored, model_arrays, write_model

POPULARITY_LAYOUT: Layout = {
    **KIND,
    "n_users": Stored("", "int64", sizes="m"),
    "counts": Stored("n", "int64", least=0),
}

RANDOM_LAYOUT: Layout = {
    **COMMON,
    "normal": Stored("2", "float64"),
    "seed": Stored("", "uint64"),
}


def fit_global_mean(train: Observations, rating_range: tuple[float, float]) -> FactorModel:
    """mu alone: the mean of the training ratings."""
    return FactorModel(*train.shape, rating_range, float(train.ratings.mean(dtype=np.float64)))


def fit_bias(
    train: Observations,
    rating_range: tuple[float, float],
    user_shrinkage: float,
    item_shrinkage: float,
    sweeps: int = 10,
) -> FactorModel:
    """mu + b_u + b_i by alternating ridge solutions.

    Each sweep sets b_i to the shrunken mean of the residuals r - mu - b_u, their sum divided by
    (shrinkage + count), and then b_u likewise.

    Parameters
    ----------
    user_shrinkage, item_shrinkage : float
        Number of pseudo-ratings with residual 0.
    sweeps : int
        Number of sweeps.

    References
    ----------
    Y. Koren, "Factor in the neighbors", ACM TKDD 4(1), 2010, section 2.1.
    """
    mean = float(train.ratings.mean(dtype=np.float64))
    centred = train.ratings.astype(np.float64) - mean
    n_users, n_items = train.shape
    user_bias = np.zeros(n_users)
    item_bias = np.zeros(n_items)
    user_weight = user_shrinkage + np.bincount(train.users, minlength=n_users)
    item_weight = item_shrinkage + np.bincount(train.items, minlength=n_items)
    for _ in range(sweeps):
        left = centred - user_bias[train.users]
        item_bias = _ratio(np.bincount(train.items, left, minlength=n_items), item_weight)
        left = centred - item_bias[train.items]
        user_bias = _ratio(np.bincount(train.users, left, minlength=n_users), user_weight)
    return FactorModel(
        n_users,
        n_items,
        rating_range,
        mean,
        user_bias.astype(np.float32),
        item_bias.astype(np.float32),
    )


def _ratio(total: NDArray[Any], weight: NDArray[Any]) -> NDArray[np.float64]:
    """total / weight, and 0 for rows without ratings and without shrinkage."""
    return np.divide(total, weight, out=np.zeros(len(total)), where=weight > 0)


@dataclass(frozen=True, eq=False)
class PopularityModel:
    """Ranks items by their number of training ratings; predicts no ratings.

    Attributes
    ----------
    n_users : int
    counts : ndarray of int64, of shape (n_items,)
    """

    kind: ClassVar[str] = "popularity"
    predicts_ratings: ClassVar[bool] = False

    n_users: int
    counts: NDArray[np.int64]

    @property
    def n_items(self) -> int:
        """Number of items in the index."""
        return len(self.counts)

    @classmethod
    def fit(cls, train: Observations) -> "PopularityModel":
        """Count the training ratings of each item."""
        return cls(train.shape[0], np.bincount(train.items, minlength=train.shape[1]))

    def predict(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
        """Number of training ratings of each item, 0 for an unknown item, of shape (n,)."""
        del users
        i, known = known_positions(items, self.n_items)
        return np.where(known, self.counts[i], 0).astype(np.float64)

    def score_pairs(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float32]:
        """Counts of the items of pairs, of shape (n,)."""
        return self.predict(users, items).astype(np.float32)

    def score_users(self, users: ArrayLike) -> NDArray[np.float32]:
        """Counts of all items, the same for each user, of shape (m, n_items)."""
        return np.tile(self.counts.astype(np.float32), (len(np.atleast_1d(users)), 1))

    def save(self, path: PathLike) -> None:
        """Write the counts."""
        values = {"kind": self.kind, "n_users": self.n_users, "counts": self.counts}
        write_model(path, POPULARITY_LAYOUT, values)

    @classmethod
    def load(cls, path: PathLike) -> "PopularityModel":
        """Read a model written by `save`."""
        with model_arrays(path, POPULARITY_LAYOUT) as arrays:
            return cls(int(arrays["n_users"]), arrays["counts"])


@dataclass(frozen=True, eq=False)
class RandomModel:
    """Draws each pair's rating from the normal distribution of the training ratings.

    The draw of a pair depends only on the seed and the pair, not on the order of the calls.

    Attributes
    ----------
    n_users, n_items : int
    rating_range : (float, float)
    mean, deviation : float
        Of the training ratings.
    seed : int
        64-bit key of the draws.
    """

    kind: ClassVar[str] = "random"
    predicts_ratings: ClassVar[bool] = True

    n_users: int
    n_items: int
    rating_range: tuple[float, float]
    mean: float
    deviation: float
    seed: int

    @classmethod
    def fit(
        cls, train: Observations, rating_range: tuple[float, float], seed: int
    ) -> "RandomModel":
        """Compute mean and standard deviation of the training ratings."""
        ratings = train.ratings.astype(np.float64)
        return cls(*train.shape, rating_range, float(ratings.mean()), float(ratings.std()), seed)

    def predict(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
        """One draw per pair, clipped to the rating range, of shape (n,)."""
        pairs = np.broadcast_arrays(np.atleast_1d(users), np.atleast_1d(items))
        draws = self.mean + self.deviation * self._normal(*pairs)
        return np.clip(draws, *self.rating_range)

    def score_pairs(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float32]:
        """Unclipped draws of pairs, of shape (n,)."""
        draws = self._normal(np.atleast_1d(np.asarray(users)), np.atleast_1d(np.asarray(items)))
        return (self.mean + self.deviation * draws).astype(np.float32)

    def score_users(self, users: ArrayLike) -> NDArray[np.float32]:
        """Unclipped draws for m users and all items, of shape (m, n_items)."""
        rows = np.atleast_1d(np.asarray(users))[:, None]
        draws = self._normal(rows, np.arange(self.n_items)[None, :])
        return (self.mean + self.deviation * draws).astype(np.float32)

    def save(self, path: PathLike) -> None:
        """Write mean, deviation and seed."""
        values = {
            "kind": self.kind,
            "shape": [self.n_users, self.n_items],
            "rating_range": self.rating_range,
            "normal": [self.mean, self.deviation],
            "seed": np.uint64(self.seed),
        }
        write_model(path, RANDOM_LAYOUT, values)

    @classmethod
    def load(cls, path: PathLike) -> "RandomModel":
        """Read a model written by `save`."""
        with model_arrays(path, RANDOM_LAYOUT) as arrays:
            n_users, n_items = (int(n) for n in arrays["shape"])
            low, high = (float(r) for r in arrays["rating_range"])
            mean, deviation = (float(x) for x in arrays["normal"])
            return cls(n_users, n_items, (low, high), mean, deviation, int(arrays["seed"]))

    def _normal(self, users: NDArray[np.int64], items: NDArray[np.int64]) -> NDArray[np.float64]:
        """Standard normal draw of each pair, by the Box-Muller transform of two hashes."""
        key = np.array(self.seed, dtype=np.uint64)
        state = _splitmix64(_splitmix64(users.astype(np.uint64) ^ key) + items.astype(np.uint64))
        radius = np.sqrt(-2 * np.log(_uniform(state)))
        return radius * np.cos(2 * np.pi * _uniform(_splitmix64(state)))


def _uniform(state: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Numbers strictly between 0 and 1, from the upper 53 bits."""
    return ((state >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53


def _splitmix64(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One step of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) from each state."""
    with np.errstate(over="ignore"):
        z = x + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
