"""Numbers in text, read strictly: digits 0 to 9, a decimal mark, an exponent, and nothing else.

Python and pandas also read ``0x10``, ``1_000``, ``now``, ``infinity`` and digits of other scripts.
"""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"

LETTERS, HINTS = ("x", "X", "e", "E"), ("0x", "0X", "e-", "E-")
READ_OTHERWISE = re.compile(r"0[xX]|[0-9.,][eE]-[0-9]")


def needs_text(characters: str) -> bool:
    """Whether Arrow may read some number in another way: hexadecimal ones, tiny ones as 0."""
    # A letter is found much faster than a text, and a text much faster than a pattern.
    may = any(letter in characters for letter in LETTERS)
    may = may and any(hint in characters for hint in HINTS)
    return may and READ_OTHERWISE.search(characters) is not None


def numbers_in(column: pd.Series, decimal: str = ".") -> pd.Series:
    """Numbers of a column, of text or numeric; NaN where a text is no number."""
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(np.float64)
    text = column.astype("str").str.strip(" \t")
    if decimal != ".":
        # A point would stand between thousands.
        text = text.where(~text.str.contains(".", regex=False), "")
        text = text.str.replace(decimal, ".", regex=False)
    is_number = text.str.fullmatch(NUMBER).fillna(False).astype(bool)
    return pd.to_numeric(text.where(is_number, None), errors="coerce").astype(np.float64)


def vanished(column: pd.Series, numbers: pd.Series) -> NDArray[np.bool_]:
    """Whether each text has a digit other than 0 before its exponent, although it is read as 0."""
    is_zero = (numbers == 0).to_numpy(copy=True)
    if not is_zero.any():
        return is_zero
    mantissas = column[is_zero].astype("str").str.replace(r"[eE].*", "", regex=True)
    is_zero[is_zero] = mantissas.str.contains("[1-9]").to_numpy(dtype=bool)
    return is_zero
