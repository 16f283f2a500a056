"""What all interactive charts share: look, data as CSV, and still forms without hidden marks."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from blendmf.report.palette import BLACK, FONT, GRID, INK

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

Specification = dict[str, Any]
"""A chart, or a part of it, in the grammar Vega-Lite."""

HOVER = "hover"
"""Style of marks that only a pointer finds."""

DIGITS = 5
"""Significant digits of the data: more cannot be seen."""

CONFIG: Specification = {
    "font": FONT,
    "background": None,
    "view": {"stroke": None},
    "title": {
        "anchor": "start",
        "fontSize": 13,
        "subtitleFontSize": 12,
        "offset": 8,
        "color": BLACK,
    },
    "axis": {
        "domainColor": BLACK,
        "gridColor": GRID,
        "labelColor": BLACK,
        "labelFontSize": 12,
        "ticks": False,
        "labelPadding": 4,
        "titleColor": INK,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
    },
    "legend": {"labelFontSize": 12.5, "labelLimit": 300, "symbolLimit": 0, "title": None},
    "style": {HOVER: {"opacity": 0}},
}


def chart(
    description: str, datasets: Mapping[str, pd.DataFrame], hint: str = "", **parts: Any
) -> Specification:
    """A whole chart: its alternative text, its data by name, and its parts.

    `hint` says what a pointer does; it is in ``usermeta``, for the page that shows the chart.
    """
    rows = {name: csv(table) for name, table in datasets.items()}
    return {
        "$schema": SCHEMA,
        "description": description,
        "usermeta": {"hint": hint},
        "config": CONFIG,
        "datasets": rows,
        **parts,
    }


def csv(table: pd.DataFrame) -> str:
    """A table as CSV: a third of the size of the same rows as JSON."""
    return table.to_csv(index=False, float_format=f"%.{DIGITS}g", lineterminator="\n")


def data(name: str, table: pd.DataFrame) -> Specification:
    """Reference to a dataset of the chart; numbers are numbers, everything else is text."""
    numeric = table.select_dtypes("number").columns
    kinds = {column: "number" if column in numeric else "string" for column in table}
    return {"name": name, "format": {"type": "csv", "parse": kinds}}


def field(name: str, title: str | None = None, number: bool = True) -> Specification:
    """A field of the data in an encoding or a tooltip; its title is its name by default."""
    kind = "quantitative" if number else "nominal"
    return {"field": escaped(name), "type": kind, "title": title or name}


def escaped(name: str) -> str:
    """Name of a field, in which Vega-Lite would read dots and brackets as paths."""
    return "".join(f"\\{letter}" if letter in ".[]\\" else letter for letter in name)


def message_chart(text: str) -> Specification:
    """Chart that shows only a message, such as why there is nothing to draw."""
    mark = {"type": "text", "text": text, "fontSize": 13, "color": INK, "limit": 340}
    values: Sequence[Specification] = [{}]
    return chart(text, {}, data={"values": values}, mark=mark, width=340, height=80)


def still(part: Any) -> Any:
    """A chart, or a part of it, without the marks that only a pointer finds."""
    if isinstance(part, list):
        return [still(one) for one in part if not _is_hidden(one)]
    if isinstance(part, dict):
        return {name: still(value) for name, value in part.items()}
    return part


def _is_hidden(part: Any) -> bool:
    mark = part.get("mark") if isinstance(part, dict) else None
    return isinstance(mark, dict) and mark.get("style") == HOVER
