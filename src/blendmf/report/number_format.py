"""Numbers and facts as a person reads them."""

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
"""What is smaller than this would read 0.0000."""


def column_format(column: pd.Series) -> Callable[[Any], str]:
    """How the values of a column are written, by its type, its name and its size.

    Errors and shares have four decimals, squared errors and their bound six, counts thousands
    separators, identifiers and years neither; p-values stop at 0.001; what spans orders of
    magnitude has four significant digits. What is missing is an en dash.
    """
    present = _present_format(column)
    return lambda value: MISSING if pd.isna(value) else present(value)


def is_number(column: pd.Series) -> bool:
    """Whether a column holds numbers, to be aligned on the right."""
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
        return _p_value
    if SQUARED_ERROR.search(name):
        return "{:,.6f}".format
    sizes = column.dropna().abs()
    vanishes = bool(((sizes > 0) & (sizes < VANISHING)).any()) and not ERROR.search(name)
    return "{:.4g}".format if vanishes or MANY_SCALES.search(name) else "{:z,.4f}".format


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def in_words(value: Any, *, moment: bool = False) -> str:
    """A single fact, or a list of such.

    Parameters
    ----------
    value : Any
        What a JSON document can hold; a list of pairs reads ``first: second``.
    moment : bool, optional
        The number is a point in time and takes no thousands separators.
    """
    match value:
        case None:
            return MISSING
        case bool():
            return _yes_or_no(value)
        case int():
            return str(value) if moment else f"{value:,}"
        case float():
            return f"{value:.6g}" if math.isfinite(value) else MISSING
        case [] | Mapping():
            return "none" if not value else str(value)
        case [[_, _], *_]:
            return "; ".join(": ".join(map(in_words, pair)) for pair in value)
        case list():
            return ", ".join(map(in_words, value))
    return str(value)
