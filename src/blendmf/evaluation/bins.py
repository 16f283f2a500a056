"""Strata of the held-out ratings: bins by number of training ratings, and by year.

The strata are ``user-history`` and ``item-popularity``, the number of training ratings of a
rating's user and of its item; ``cold-start``, the item's number in finer bins; and ``year``, the
calendar year of the rating.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blendmf.models.observations import Observations

LOWER_BOUNDS = {
    "user-history": (0, 1, 11, 21, 51, 101, 201, 501),
    "item-popularity": (0, 1, 3, 6, 11, 21, 51, 101),
    "cold-start": (0, 1, 2, 3, 4, 6, 9, 13, 21, 33, 51, 81, 131, 201),
}
"""Lower bound of each bin, in training ratings. The last bin is open-ended. Bins grow by about half
in ``cold-start`` and about double in the others."""

OPEN = -1
"""Upper bound of an open-ended bin."""

LAST_YEAR = 5000
"""Later years indicate timestamps in milliseconds; the import warns of them."""


@dataclass(frozen=True, eq=False)
class Stratum:
    """One division of the held-out ratings into bins.

    Attributes
    ----------
    name : str
    lower, upper : ndarray of int64, of shape (n_bins,)
        Inclusive bounds of each bin; `OPEN` if there is no upper bound.
    of_rating : ndarray of int16, of shape (n,)
        Bin of each held-out rating.
    of_item : ndarray of int16, of shape (n_items,), optional
        Bin of each item of the catalogue, for strata that divide the items.
    """

    name: str
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    of_rating: NDArray[np.int16]
    of_item: NDArray[np.int16] | None = None

    def labels(self) -> list[str]:
        """Name of each bin, such as ``0``, ``1-2`` and ``101+``."""
        return [_label(*ends) for ends in zip(self.lower, self.upper, strict=True)]


def strata_of(
    test: Observations,
    n_train_of_user: NDArray[np.int64],
    n_train_of_item: NDArray[np.int64],
    years: NDArray[np.int64] | None,
) -> list[Stratum]:
    """All strata of the held-out ratings.

    Parameters
    ----------
    test : Observations
        The held-out part.
    n_train_of_user, n_train_of_item : ndarray of int64, of shape (n_users,) and (n_items,)
        Number of training ratings.
    years : ndarray of int64, of shape (n,), or None
        Calendar year of each held-out rating, see `years_of`; None omits ``year``.
    """
    strata = []
    for name, bounds in LOWER_BOUNDS.items():
        lower, upper = _ends(bounds)
        if name == "user-history":
            strata.append(Stratum(name, lower, upper, _bins(lower, n_train_of_user)[test.users]))
        else:
            of_item = _bins(lower, n_train_of_item)
            strata.append(Stratum(name, lower, upper, of_item[test.items], of_item))
    if years is not None:
        occurring = np.unique(years)
        strata.append(Stratum("year", occurring, occurring, _bins(occurring, years)))
    return strata


def user_history(n_train: NDArray[np.int64]) -> NDArray[np.str_]:
    """Name of each user's bin of ``user-history``, from the user's number of training ratings."""
    lower, upper = _ends(LOWER_BOUNDS["user-history"])
    labels = [_label(*ends) for ends in zip(lower, upper, strict=True)]
    return np.array(labels)[_bins(lower, n_train)]


def years_of(test: Observations) -> NDArray[np.int64] | None:
    """Calendar year (UTC) of each held-out rating, of shape (n,).

    None for data without timestamps (0 throughout) or with timestamps that cannot be seconds.
    """
    if test.times is None or not test.times.any():
        return None
    years = test.times.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    return None if years.max() > LAST_YEAR else years


def _ends(bounds: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    lower = np.array(bounds, dtype=np.int64)
    return lower, np.append(lower[1:] - 1, OPEN)


def _bins(lower: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int16]:
    return (np.searchsorted(lower, values, side="right") - 1).astype(np.int16)


def _label(lower: int, upper: int) -> str:
    if upper == OPEN:
        return f"{lower}+"
    return str(lower) if lower == upper else f"{lower}-{upper}"
