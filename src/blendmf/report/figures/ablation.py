"""Figure of what the model loses without each part of the content, and with wrong content."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from blendmf.report.figures.interval_panels import (
    FRAME_HEIGHT,
    ROW_HEIGHT,
    Interval,
    add_legend,
    draw_panel,
    holding_marks,
    zero_line,
)
from blendmf.report.figures.style import (
    Series,
    legend_mark,
    new_figure,
    shared_look,
)
from blendmf.report.palette import BLUE, GREY, VERMILLION

STACK = 0.2
"""Vertical distance of stacked dots, in rows."""

BINS = 60
"""Number of bins across the panel; dots in the same bin are stacked."""


@shared_look()
def plot_ablation(table: pd.DataFrame, narrow: bool = False) -> Figure:
    """Each variant's test RMSE minus the full model's, and a dot for each placebo.

    `table` has the columns `arm`, `role`, `difference`, `low`, `high`, `seed_sd`, `holds` and
    `same_content`.
    """
    dots = table.loc[table["role"] == "placebo", "difference"].to_numpy()
    rows: dict[str, Interval | str] = {}
    for _, row in table[~table["role"].isin(["full", "placebo"])].iterrows():
        figures = row[["difference", "low", "high", "seed_sd"]]
        interval = Interval(*figures, style=Series(BLUE, "o", "-"), filled=row["holds"])
        rows[row["arm"]] = "no such content here" if row["same_content"] else interval
    y_dots = len(rows)
    if len(dots):
        rows[f"{len(dots)} placebo{'' if len(dots) == 1 else 's'}"] = ""
    # The placebos need the height of three rows.
    figure = new_figure(ROW_HEIGHT * (len(rows) + 2) + FRAME_HEIGHT + 0.4, narrow)
    axes = figure.subplots()
    draw_panel(axes, "Test RMSE minus the full model's", rows, include=[0.0, *dots])
    axes.set_ylim(len(rows) + 1.0, -0.5)
    axes.set_xlabel("full model better →")
    zero_line(axes)
    if len(dots):
        _draw_placebos(axes, y_dots, dots)
    add_legend(
        figure,
        *holding_marks(BLUE, "holds; 95 % interval over users"),
        legend_mark("a placebo", color=VERMILLION, marker="D", ms=6, ls=""),
        legend_mark("mean of the placebos", color=GREY, marker="|", ms=10, mew=1.6, ls=""),
        off_axis=False,
        ncols=1 if narrow else 3,
    )
    return figure


def _draw_placebos(axes: Axes, y: int, dots: NDArray[np.float64]) -> None:
    """Draw the dots, overlapping ones below each other, and their mean."""
    left, right = axes.get_xlim()
    ordered = np.sort(dots)
    bins = np.floor((ordered - left) / (right - left) * BINS)
    _, first, of_bin = np.unique(bins, return_index=True, return_inverse=True)
    depth = np.arange(len(ordered)) - first[of_bin]
    axes.plot(ordered, y + STACK * depth, "D", color=VERMILLION, mec="white", mew=0.5, ms=6)
    axes.plot([dots.mean()] * 2, [y - 0.35, y + 0.35], color=GREY, linewidth=1.6)
