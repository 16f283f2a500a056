"""What is searched: for each parameter its bounds and its scale."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blendmf.common.errors import UserError
from blendmf.config.model_kinds import WHOLE_NUMBERS, is_trained

EDGE = 0.02
"""Share of a parameter's range, at either end, that counts as its boundary."""

Params = dict[str, int | float]
"""A point of the space: a value for each parameter, integers where it counts something."""


@dataclass(frozen=True)
class Dimension:
    """One searched parameter.

    Attributes
    ----------
    low, high : int or float
        Bounds, both included; integers where the parameter is a whole number.
    log : bool
        True to search orders of magnitude rather than amounts.
    whole : bool
        True to search the integers only.
    """

    low: int | float
    high: int | float
    log: bool = False
    whole: bool = False

    @classmethod
    def from_config(cls, name: str, bounds: Mapping[str, Any]) -> "Dimension":
        """Dimension of the configuration's entry ``{low: ..., high: ..., log: ...}``.

        Raises
        ------
        UserError
            If the bounds are no numbers, reversed, not above 0 on a logarithmic scale, or
            fractions of something that is counted.
        """
        key = f"search space of {name}"
        low, high, log = bounds["low"], bounds["high"], bounds.get("log", False)
        for bound in (low, high):
            if not isinstance(bound, int | float) or not math.isfinite(bound):
                raise UserError(f"{key}: {bound!r} is no number (YAML wants 1.0e-4, not 1e-4)")
        if low > high:
            raise UserError(f"{key}: low ({low}) is above high ({high}); exchange them")
        if log and low <= 0:
            raise UserError(f"{key}: low ({low}) must be above 0 on a logarithmic scale")
        whole = name in WHOLE_NUMBERS
        if whole and not (isinstance(low, int) and isinstance(high, int)):
            raise UserError(f"{key}: low ({low}) and high ({high}) must be whole numbers")
        return cls(low, high, log, True) if whole else cls(float(low), float(high), log)

    def __contains__(self, value: object) -> bool:
        kinds = int if self.whole else (int, float)
        return isinstance(value, kinds) and self.low <= value <= self.high

    def position(self, value: float) -> float:
        """Where `value` lies on the searched scale: 0 at `low`, 1 at `high`, 0.5 if they meet."""
        if self.low == self.high:
            return 0.5
        low, high, at = (
            math.log(x) if self.log else float(x) for x in (self.low, self.high, value)
        )
        return min(max((at - low) / (high - low), 0.0), 1.0)

    def at(self, position: float) -> int | float:
        """The value at a position from 0 to 1, rounded where the parameter is a whole number."""
        half = 0.5 if self.whole else 0.0
        low, high = self.low - half, self.high + half
        value = low * (high / low) ** position if self.log else low + (high - low) * position
        return min(max(round(value) if self.whole else value, self.low), self.high)


def search_space(
    entry: Mapping[str, Any], shared: Mapping[str, Mapping[str, Any]]
) -> dict[str, Dimension]:
    """Search space of a model.

    Parameters
    ----------
    entry : mapping
        The model's entry of the configuration; what it states under ``space`` replaces the
        shared bounds of that parameter or adds one, and null takes the parameter out.
    shared : mapping
        The configuration's ``search.space``, for kinds that are trained by epochs.
    """
    bounds = {**(shared if is_trained(entry) else {}), **entry.get("space", {})}
    return {name: Dimension.from_config(name, found) for name, found in bounds.items() if found}


def boundary(space: Mapping[str, Dimension], params: Params) -> list[dict[str, Any]]:
    """Parameters that lie within `EDGE` of an end of their range, on the searched scale.

    An optimum there says that a better one may lie outside the space.

    Returns
    -------
    list of dict
        ``parameter``, its ``value``, the ``bound`` that it meets ("low" or "high") and that
        bound's ``limit``.
    """
    met = []
    for name, value in params.items():
        position = space[name].position(value)
        if position <= EDGE or position >= 1 - EDGE:
            bound = "low" if position <= EDGE else "high"
            limit = getattr(space[name], bound)
            met.append({"parameter": name, "value": value, "bound": bound, "limit": limit})
    return met
