"""Tables of a page: their columns' names and formats for people, their values with all digits."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

from blendmf.common.files import place_in_results
from blendmf.report.labels import label

IDENTIFIER = re.compile(r"(^|_)(id|year|timestamp)s?$")
P_VALUE = re.compile(r"^p(_|$)")
SHARE = re.compile(r"^share_|_share$|coverage$|relative_percent$")
ERROR = re.compile(r"rmse|mae|difference|^(low|high|value)$|_(low|high|mean)$")
SQUARED_ERROR = re.compile(r"^(squared_error|bound)$")
SECONDS = re.compile(r"seconds$|_minutes$")
MANY_SCALES = re.compile(r"learning_rate|regularization|deviation")
VANISHING = 0.00005
"""Smaller numbers would be shown as 0.0000."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name : str
        Its name in the file.
    title : str
        Its name for people.
    format : str
        How the page writes its values, see `column_format`.
    hidden : bool
        Whether the reader has to ask for it.
    """

    name: str
    title: str
    format: str
    hidden: bool


@dataclass(frozen=True, eq=False)
class Table:
    """A table for a page, made by `shown_table`.

    Attributes
    ----------
    title : str
    file : str
        The file with the same rows, from the folder ``results`` on.
    columns : list of Column
    rows : list of list
        Values as JSON has them; None if missing.
    """

    title: str
    file: str
    columns: list[Column]
    rows: list[list[Any]]

    def as_json(self) -> dict[str, Any]:
        """What the page's script needs."""
        columns = [vars(column) for column in self.columns]
        return {"title": self.title, "columns": columns, "rows": self.rows}


def shown_table(
    table: pd.DataFrame,
    title: str,
    *,
    file: str,
    k: int | None = None,
    hidden: Collection[str] = (),
) -> Table:
    """Prepare a table for a page.

    Parameters
    ----------
    table : DataFrame
        Its index is not shown.
    title : str
    file : str
        Path of the file with this table.
    k : int, optional
        Length of the ranked lists, for the names of their metrics.
    hidden : collection of str
        Columns that the reader has to ask for.
    """
    columns = [
        Column(str(name), label(str(name), k), column_format(table[name]), name in hidden)
        for name in table
    ]
    values = table.astype(object).where(table.notna(), None).to_numpy().tolist()
    rows = [[_plain(value) for value in row] for row in values]
    return Table(title, place_in_results(file), columns, rows)


def _plain(value: Any) -> Any:
    """A value that JSON knows; floats with ten significant digits."""
    if isinstance(value, float):
        return float(f"{value:.10g}") if abs(value) < float("inf") else None
    return value if value is None or isinstance(value, bool | int) else str(value)


def column_format(column: pd.Series) -> str:
    """How a column's values are written, from its type, name and magnitude.

    Returns
    -------
    str
        ``text``; ``yes-no``; ``id`` (as it is); ``count`` (thousands separators); ``p`` (three
        decimals, or below 0.001); ``share`` (per cent); ``seconds`` (two decimals); ``error`` (four
        decimals); ``squared`` (six); ``scale`` (four significant digits, for values of many orders
        of magnitude). Missing values are an en dash.
    """
    name = str(column.name)
    if is_bool_dtype(column):
        return "yes-no"
    if not is_numeric_dtype(column):
        return "text"
    if IDENTIFIER.search(name):
        return "id"
    if is_integer_dtype(column):
        return "count"
    named = {"p": P_VALUE, "share": SHARE, "squared": SQUARED_ERROR, "seconds": SECONDS}
    for form, pattern in named.items():
        if pattern.search(name):
            return form
    sizes = column.dropna().abs()
    if len(sizes) and (sizes % 1 == 0).all():
        return "count"  # whole numbers with missing values among them
    vanishes = bool(((sizes > 0) & (sizes < VANISHING)).any()) and not ERROR.search(name)
    return "scale" if vanishes or MANY_SCALES.search(name) else "error"
