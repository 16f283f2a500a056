"""Numbers and facts formatted for people."""

import math
from collections.abc import Mapping
from typing import Any

MISSING = "\N{EN DASH}"


def or_dash(value: float, form: str = ".4f") -> str:
    """A number in a format; an en dash if it is missing."""
    return format(value, form) if math.isfinite(value) else MISSING


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def in_words(value: Any, *, moment: bool = False) -> str:
    """Text of a JSON value or a list of them; a list of pairs is written ``first: second``.

    A number that is a `moment` in time has no thousands separators.
    """
    match value:
        case None:
            return MISSING
        case bool():
            return _yes_or_no(value)
        case int():
            return str(value) if moment else f"{value:,}"
        case float():
            return or_dash(value, ".6g")
        case [] | Mapping():
            return "none" if not value else str(value)
        case [[_, _], *_]:
            return "; ".join(": ".join(map(in_words, pair)) for pair in value)
        case list():
            return ", ".join(map(in_words, value))
    return str(value)
