"""Numbers and facts formatted for people."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

MISSING = "\N{EN DASH}"

IDENTIFIER = re.compile(r"(^|_)(id|year|timestamp)s?$")
P_VALUE = re.compile(r"^p(_|$)")
ERROR = re.compile(r"rmse|mae|difference|^(low|high)$|_(low|high)$")
SQUARED_ERROR = re.compile(r"^(squared_error|bound)$")
MANY_SCALES = re.compile(r"learning_rate|regularization|deviation")
VANISHING = 0.00005
"""Smaller numbers would be shown as 0.0000."""


def or_dash(value: float, form: str = ".4f") -> str:
    """A number in a format; an en dash if it is missing."""
    return format(value, form) if math.isfinite(value) else MISSING


def column_format(column: pd.Series) -> Callable[[Any], str]:
    """Format of a column's values, chosen by its type, name and magnitude.

    Errors and shares have four decimals, squared errors and their bound six, counts thousands
    separators, identifiers and years none. P-values below 0.001 are ``< 0.001``. Values that span
    orders of magnitude have four significant digits. Missing values are an en dash.
    """
    present = _present_format(column)
    return lambda value: MISSING if pd.isna(value) else present(value)


def is_number(column: pd.Series) -> bool:
    """Whether a column holds numbers, which are aligned on the right."""
    return is_numeric_dtype(column) and not is_bool_dtype(column)


def _present_format(column: pd.Series) -> Callable[[Any], str]:
    name = str(column.name)
    if is_bool_dtype(column):
        return _yes_or_no
    if not is_numeric_dtype(column) or IDENTIFIER.search(name):
        return str
    if is_integer_dtype(column):
        return "{:,}".format
    if P_VALUE.search(name):
        return lambda p: "< 0.001" if p < 0.001 else f"{p:.3f}"
    if SQUARED_ERROR.search(name):
        return "{:,.6f}".format
    sizes = column.dropna().abs()
    vanishes = bool(((sizes > 0) & (sizes < VANISHING)).any()) and not ERROR.search(name)
    return "{:.4g}".format if vanishes or MANY_SCALES.search(name) else "{:z,.4f}".format


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
