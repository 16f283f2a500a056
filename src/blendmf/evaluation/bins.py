"""Divisions of the held-out ratings into bins, by what training knows and by when they were given.

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
"""Fewest training ratings of each bin; a bin ends before the next, the last is open. The bins of
``cold-start`` grow by half or so, those of the others about double."""

OPEN = -1
"""Upper end of a bin that has none."""

BinOf = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Stratum:
    """One division of the held-out ratings.

    Attributes
    ----------
    name : str
    lower, upper : ndarray of int64, of shape (n_bins,)
        Ends of each bin, both inside it; `OPEN` where there is no upper one.
    of_rating : ndarray of int16, of shape (n,)
        Bin of each held-out rating.
    of_item : ndarray of int16, of shape (n_items,), or None
        Bin of each item of the catalogue, where it is items that the stratum divides.
    """

    name: str
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    of_rating: BinOf
    of_item: BinOf | None = None

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
        Training ratings of each.
    years : ndarray of int64, of shape (n,), or None
        Calendar year of each held-out rating, in the order of `test`; None leaves ``year`` out.
    """
    strata = []
    for name, bounds in LOWER_BOUNDS.items():
        lower = np.array(bounds, dtype=np.int64)
        upper = np.append(lower[1:] - 1, OPEN)
        if name == "user-history":
            strata.append(Stratum(name, lower, upper, _bins(lower, n_train_of_user)[test.users]))
        else:
            of_item = _bins(lower, n_train_of_item)
            strata.append(Stratum(name, lower, upper, of_item[test.items], of_item))
    if years is not None:
        occurring = np.unique(years)
        strata.append(Stratum("year", occurring, occurring, _bins(occurring, years)))
    return strata


def _bins(lower: NDArray[np.int64], values: NDArray[np.int64]) -> BinOf:
    return (np.searchsorted(lower, values, side="right") - 1).astype(np.int16)


def _label(lower: int, upper: int) -> str:
    if upper == OPEN:
        return f"{lower}+"
    return str(lower) if lower == upper else f"{lower}-{upper}"
