"""CSV files that people open in a spreadsheet: texts that would be formulas are made harmless."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""First characters of texts that spreadsheets take for formulas, also in their wide forms."""

NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


def defused(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before texts that a spreadsheet would take for formulas.

    Numbers stay numbers, also as text, such as an id of -5.
    """
    return table.apply(lambda column: column.map(_defused) if _is_text(column) else column)


def _is_text(column: pd.Series) -> bool:
    return column.dtype.kind not in "biufM"


def _defused(value: Any) -> Any:
    if not isinstance(value, str) or not FORMULA.match(value) or NUMBER.fullmatch(value):
        return value
    return f"'{value}"
