"""The search space of a model: bounds and scale of each searched parameter."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blendmf.config.models import Entry
from blendmf.config.search import Bounds

EDGE = 0.02
"""Share of a parameter's range, at either end, that counts as its boundary."""

Params = dict[str, int | float]
"""A point of the space: a value for each parameter, integers for counts."""


@dataclass(frozen=True)
class Dimension:
    """One searched parameter.

    Attributes
    ----------
    low, high : int or float
        Bounds, both included; integers if `whole`.
    log : bool
        Whether the parameter is searched on a logarithmic scale.
    whole : bool
        Whether only integers are searched.
    """

    low: int | float
    high: int | float
    log: bool = False
    whole: bool = False

    @classmethod
    def of_bounds(cls, bounds: Bounds, whole: bool) -> "Dimension":
        """Dimension with the configured bounds."""
        if whole:
            return cls(int(bounds.low), int(bounds.high), bounds.log, True)
        return cls(float(bounds.low), float(bounds.high), bounds.log)

    def __contains__(self, value: object) -> bool:
        types = int if self.whole else (int, float)
        return isinstance(value, types) and self.low <= value <= self.high

    def position(self, value: float) -> float:
        """Position of `value` on the searched scale, clipped to 0 (`low`) to 1 (`high`)."""
        if self.low == self.high:
            return 0.5
        low, high, at = (
            math.log(x) if self.log else float(x) for x in (self.low, self.high, value)
        )
        return min(max((at - low) / (high - low), 0.0), 1.0)

    def at(self, position: float) -> int | float:
        """Value at a position from 0 to 1 on the searched scale, rounded if `whole`."""
        half = 0.5 if self.whole else 0.0
        low, high = self.low - half, self.high + half
        value = low * (high / low) ** position if self.log else low + (high - low) * position
        return min(max(round(value) if self.whole else value, self.low), self.high)


def search_space(entry: Entry) -> dict[str, Dimension]:
    """Dimensions of a model's search by parameter; shared ones first, then the model's own."""
    return {
        name: Dimension.of_bounds(bounds, entry.is_whole(name))
        for name, bounds in entry.bounds.items()
    }


def boundary(space: Mapping[str, Dimension], params: Params) -> list[dict[str, Any]]:
    """Parameters within `EDGE` of an end of their range, on the searched scale.

    An optimum at a boundary suggests that a better one lies outside the space.

    Returns
    -------
    list of dict
        ``parameter``, its ``value``, the nearby ``bound`` ("low" or "high"), and the ``limit``,
        the value of that bound.
    """
    met = []
    for name, value in params.items():
        position = space[name].position(value)
        if position <= EDGE or position >= 1 - EDGE:
            bound = "low" if position <= EDGE else "high"
            limit = getattr(space[name], bound)
            met.append({"parameter": name, "value": value, "bound": bound, "limit": limit})
    return met
