"""When users rated: positions in each user's rating order, and ratings at about the same time."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from blendmf.models.observations import Observations, Positions, known_positions
from blendmf.models.stored import Layout, Stored

RATINGS_PER_BLOCK = 2**20
"""Approximate number of ratings that are sorted or looked up at a time."""

LATEST = 2**38
"""Seconds since 1970 (the year 10,680) beyond which, or before minus which, times are equal."""

FAR = np.iinfo(np.int64).max
"""Distance to the nearest rating of a user without ratings."""

TIMES_LAYOUT: Layout = {
    "indptr": Stored("m + 1", "int64", least=0),
    "seconds": Stored("k", "int64"),
}
"""Arrays of a file; k is the number of training ratings."""

Seconds = NDArray[np.int64]


def time_order(train: Observations) -> Positions:
    """Indices of the ratings sorted by user, then time, of shape (n,).

    Parameters
    ----------
    train : Observations
        Sorted by user, with times.

    Raises
    ------
    ValueError
        If they are not sorted by user.
    """
    assert train.times is not None
    if (np.diff(train.users) < 0).any():
        raise ValueError("the ratings are not sorted by user")
    ends = np.cumsum(np.bincount(train.users, minlength=train.shape[0]))
    n_blocks = -(-len(train) // RATINGS_PER_BLOCK)
    cuts = ends[np.searchsorted(ends, np.arange(1, n_blocks) * RATINGS_PER_BLOCK)]
    order = np.empty(len(train), dtype=np.int64)
    for begin, end in pairwise(np.unique([0, *cuts, len(train)])):
        keys = _keys(train.users[begin:end], train.times[begin:end])
        order[begin:end] = begin + np.argsort(keys, kind="stable")
    return order


@dataclass(frozen=True, eq=False)
class RatingTimes:
    """Times of the training ratings, sorted within each user.

    Attributes
    ----------
    indptr : ndarray of int64, of shape (n_users + 1,)
        User u has the times ``indptr[u]`` to ``indptr[u + 1] - 1``.
    seconds : ndarray of int64, of shape (n,)
    """

    indptr: Positions
    seconds: Seconds

    @classmethod
    def of(cls, train: Observations, order: Positions | None = None) -> Self | None:
        """Times of the training ratings; None if they are unknown or all equal.

        Parameters
        ----------
        train : Observations
            Sorted by user.
        order : ndarray of int64, of shape (n,), optional
            Its `time_order`, if that is known already.
        """
        if train.times is None or not len(train) or train.times.min() == train.times.max():
            return None
        counts = np.bincount(train.users, minlength=train.shape[0])
        indptr = np.concatenate([[0], np.cumsum(counts)])
        return cls(indptr, train.times[time_order(train) if order is None else order])

    @classmethod
    def none(cls, n_users: int) -> Self:
        """No times of that many users."""
        return cls(np.zeros(n_users + 1, np.int64), np.zeros(0, np.int64))

    @property
    def n_users(self) -> int:
        """Number of users in the index."""
        return len(self.indptr) - 1

    def positions(
        self, users: ArrayLike, seconds: ArrayLike, otherwise: float = 0.0
    ) -> NDArray[np.float32]:
        """Positions in the users' rating orders, from -1/2 (first) to 1/2 (last), of shape (n,).

        The position is the share of the user's training ratings that are older, minus 1/2; ratings
        at the same time count half. It averages 0 over a user's training ratings.

        Parameters
        ----------
        users : array of int, of shape (n,)
            Positions of the users, possibly unknown.
        seconds : array of int, of shape (n,)
        otherwise : float, default 0
            Position of users without training ratings and of unknown ones.
        """
        all_users, at = np.atleast_1d(users), np.atleast_1d(seconds)
        found = np.full(len(all_users), otherwise, dtype=np.float32)
        for begin in range(0, len(found), RATINGS_PER_BLOCK):
            block = slice(begin, begin + RATINGS_PER_BLOCK)
            u, known = known_positions(all_users[block], self.n_users)
            first, last = self.indptr[u], self.indptr[u + 1]
            before = sum(self._number_before(u, at[block], side) for side in ("left", "right"))
            share = (before / 2 - first) / np.maximum(last - first, 1)
            found[block] = np.where(known & (last > first), share - 0.5, otherwise)
        return found

    def nearest(self, users: ArrayLike, seconds: ArrayLike) -> tuple[Positions, Seconds]:
        """Index among all training ratings of the nearest one of the user, and its distance.

        Of two at the same distance, the older one.

        Returns
        -------
        (ndarray of int64, ndarray of int64), each of shape (n,)
            Index, and distance in seconds; 0 and `FAR` for users without training ratings and for
            unknown ones.
        """
        u, known = known_positions(users, self.n_users)
        at = np.asarray(seconds, dtype=np.int64)
        first, last = self.indptr[u], self.indptr[u + 1]
        none = ~known | (last == first)
        if none.all():  # also of no users at all
            return np.zeros(len(u), np.int64), np.full(len(u), FAR)
        following = self._number_before(u, at, "left")
        before, after = (
            np.where(none, 0, np.clip(index, first, last - 1))
            for index in (following - 1, following)
        )
        distances = [np.abs(self.seconds[index] - at) for index in (before, after)]
        distance = np.where(none, FAR, np.minimum(*distances))
        return np.where(distances[1] < distances[0], after, before), distance

    def groups(self, gap: int) -> Positions:
        """Number of each training rating's group, of shape (n,).

        A group is a sequence of ratings by one user without more than `gap` seconds between one and
        the next.
        """
        starts = np.diff(self.seconds, prepend=0) > gap
        starts[self.indptr[:-1][np.diff(self.indptr) > 0]] = True
        return np.cumsum(starts) - 1

    def with_users(self, others: Self) -> Self:
        """These users, followed by other ones."""
        return type(self)(
            np.append(self.indptr, self.indptr[-1] + others.indptr[1:]),
            np.append(self.seconds, others.seconds),
        )

    def arrays(self, prefix: str) -> dict[str, NDArray[np.int64]]:
        """All values as arrays, under their names after a prefix."""
        return {f"{prefix}{f.name}": getattr(self, f.name) for f in fields(self)}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Any], prefix: str) -> Self | None:
        """The times among the arrays of a file; None if the file has none.

        Raises a ValueError or KeyError if they are not complete.
        """
        names = [f"{prefix}{f.name}" for f in fields(cls)]
        if not any(name in arrays for name in names):
            return None
        times = cls(*(arrays[name] for name in names))
        ends = times.indptr
        if ends[0] != 0 or ends[-1] != len(times.seconds) or (np.diff(ends) < 0).any():
            raise ValueError(f"{names[0]} does not divide {names[1]}")
        return times

    def _number_before(
        self, users: Positions, seconds: ArrayLike, side: Literal["left", "right"]
    ) -> Positions:
        """Number of training ratings, by all users, that sort before the given users and times.

        Equal ones count if `side` is "right".
        """
        low, high = int(users.min()), int(users.max())
        first, last = self.indptr[low], self.indptr[high + 1]
        owners = np.repeat(np.arange(low, high + 1), np.diff(self.indptr[low : high + 2]))
        times = np.concatenate([self.seconds[first:last], np.asarray(seconds, dtype=np.int64)])
        keys = _keys(np.concatenate([owners, users]), times)
        known, wanted = np.split(keys, [last - first])
        number: Positions = first + np.searchsorted(known, wanted, side)
        return number


def _keys(users: NDArray[np.integer], seconds: Seconds) -> NDArray[np.int64]:
    """Numbers that sort as users and then seconds do, of shape (n,)."""
    at = np.clip(seconds, -LATEST, LATEST)
    span = int(at.max()) - int(at.min()) + 1
    return (users.astype(np.int64) - users.min()) * span + (at - at.min())
