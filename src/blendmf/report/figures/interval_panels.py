"""Panels of intervals: one row per model or variant, with its value and 95 % interval."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerLine2D
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from blendmf.report.figures.style import (
    SMALL,
    Series,
    close_to_best,
    is_narrow,
    legend_mark,
    padded,
    shorten,
)
from blendmf.report.palette import GREY

ROW_HEIGHT = 0.3
"""Height of a row in inches."""

FRAME_HEIGHT = 1.3
"""Height of a panel's title and axis in inches."""


@dataclass(frozen=True)
class Interval:
    """Content of one row: a value, its 95 % interval over users, and how it is drawn.

    `seed_sd` is the standard deviation over seeds, not drawn if it is NaN or 0. A mark that is not
    `filled` is a difference that does not hold.
    """

    value: float
    low: float
    high: float
    seed_sd: float = np.nan
    _: KW_ONLY
    style: Series
    filled: bool = True

    @property
    def extent(self) -> tuple[float, float]:
        """Smallest and largest value that is drawn."""
        sd = np.nan_to_num(self.seed_sd)
        low, high = np.nanmin([self.low, self.value - sd]), np.nanmax([self.high, self.value + sd])
        return float(low), float(high)


def draw_panel(
    axes: Axes,
    title: str,
    rows: Mapping[str, Interval | str],
    *,
    higher_is_better: bool | None = None,
    include: Sequence[float] = (),
    margin: float = 0.06,
    number: str = ".3g",
    ticks: int = 5,
) -> None:
    """Draw one row for each name, the first one on top.

    Parameters
    ----------
    rows : mapping
        An interval, or a text that says why there is none.
    higher_is_better : bool or None
        Direction of the metric. Values far from the best one do not affect the axis limits; off
        the axis they are shown as an arrow and a number, in the format `number`. None shows all.
    include : sequence of float
        Values that the axis must include.
    margin : float
        Room at both ends, as a share of the axis.
    ticks : int
        Maximum number of steps on the axis.
    """
    set_up_rows(axes, title, list(rows), ticks)
    intervals = [row for row in rows.values() if isinstance(row, Interval)]
    near = intervals
    if higher_is_better is not None:
        values = [*(interval.value for interval in intervals), *include]
        is_near = close_to_best(values, higher_is_better)[: len(intervals)]
        near = [interval for interval, close in zip(intervals, is_near, strict=True) if close]
    axes.set_xlim(*limits(near, include, margin))
    for y, row in enumerate(rows.values()):
        if isinstance(row, Interval):
            draw_row(axes, y, row, number)
        else:
            _write(axes, 0.5, y, row, ha="center", color=GREY)


def set_up_rows(axes: Axes, title: str, names: Sequence[str], ticks: int = 5) -> None:
    """Give a panel its title and a labelled row for each name."""
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), [shorten(name) for name in names])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(ticks))
    axes.set_title(title)


def limits(
    intervals: Iterable[Interval], include: Iterable[float] = (), margin: float = 0.06
) -> tuple[float, float]:
    """Range of an axis that shows whole intervals and single values; `margin` is a share of it."""
    ends = [*include, *(end for interval in intervals for end in interval.extent)]
    return padded(min(ends), max(ends), margin) if ends else (0.0, 1.0)


def draw_row(axes: Axes, y: float, row: Interval, number: str, size: float = 9.0) -> None:
    """Draw an interval and, below it, the spread over seeds; an arrow if the axis is too short.

    `size` is the mark's size in points; the line's width follows from it.
    """
    low, high = axes.get_xlim()
    colour = row.style.colour
    if row.extent[0] < low or row.extent[1] > high:
        right = row.extent[1] > high
        arrow: Any = {"color": colour, "ms": 8, "transform": axes.get_yaxis_transform()}
        axes.plot(0.985 if right else 0.015, y, ">" if right else "<", **arrow)
        align = "right" if right else "left"
        _write(axes, 0.95 if right else 0.05, y, format(row.value, number), ha=align)
        return
    axes.plot(
        [row.low, row.high],
        [y, y],
        color=colour,
        linewidth=2.4 * size / 9,
        solid_capstyle="butt",
    )
    face, edge, width = (colour, "white", 0.6) if row.filled else ("white", colour, 1.6)
    axes.plot(row.value, y, row.style.marker, mfc=face, mec=edge, mew=width, ms=size)
    if row.seed_sd > 0:
        ends = [row.value - row.seed_sd, row.value + row.seed_sd]
        axes.plot(ends, [y + 0.3] * 2, color=GREY, linewidth=1.1, marker="|", ms=5)


def zero_line(axes: Axes) -> None:
    """Mark a difference of 0."""
    axes.axvline(0.0, color=GREY, linewidth=0.9, zorder=1)


def _write(axes: Axes, x: float, y: float, text: str, **look: Any) -> None:
    transform = axes.get_yaxis_transform()
    axes.text(x, y, text, transform=transform, va="center", fontsize=SMALL, **look)


def holding_marks(colour: str, holds: str) -> list[Line2D]:
    """Legend of filled and of open marks."""
    look: Any = {"color": colour, "marker": "o", "ms": 8, "linewidth": 2.4}
    return [legend_mark(holds, **look), legend_mark("does not hold", mfc="white", mew=1.6, **look)]


def add_legend(
    figure: Figure, *marks: Line2D, seeds: bool = True, off_axis: bool = True, **options: Any
) -> None:
    """Add a legend below all panels; `seeds` and `off_axis` add the marks for these."""
    brackets = legend_mark(
        "± 1 standard deviation over seeds", color=GREY, marker="|", ms=5, linewidth=1.1
    )
    arrow = legend_mark("off the axis, with its value", color=GREY, marker=">", ms=8, linestyle="")
    shown = [*marks, *([brackets] if seeds else []), *([arrow] if off_axis else [])]
    figure.legend(
        handles=shown,
        loc="outside lower center",
        handler_map={brackets: HandlerLine2D(numpoints=2)},
        **{"ncols": 1 if is_narrow(figure) else len(shown)} | options,
    )
