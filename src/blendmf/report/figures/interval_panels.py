"""Models below each other with an interval each, one panel for each metric."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerLine2D
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from blendmf.report.figures.style import GREY, SMALL, Series, shorten

MODEL_HEIGHT = 0.3
"""Height of a model's line in inches."""

ROOM = 1.3
"""Height of a panel's title and axis in inches."""


@dataclass(frozen=True)
class Panel:
    """One metric.

    Attributes
    ----------
    metric : str
        Its name in the tables of the comparison.
    title : str
    higher_is_better : bool
    """

    metric: str
    title: str
    higher_is_better: bool


@dataclass(frozen=True)
class Interval:
    """One model's figure.

    Attributes
    ----------
    value, low, high : float
        The figure and its 95 % interval over users.
    seed_sd : float
        Standard deviation over seeds; nothing is drawn for NaN or 0.
    """

    value: float
    low: float
    high: float
    seed_sd: float


def set_up_panel(axes: Axes, panel: Panel, models: Sequence[str], ticks: int = 5) -> None:
    """Give a panel its title and a line for each model, the first one on top.

    Parameters
    ----------
    ticks : int, optional
        Into how many steps the axis is divided at most.
    """
    axes.set_ylim(len(models) - 0.5, -0.5)
    axes.set_yticks(range(len(models)), [shorten(name) for name in models])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(ticks))
    axes.set_title(panel.title)


def draw_interval(
    axes: Axes, place: int, interval: Interval, style: Series, *, filled: bool = True
) -> None:
    """Draw a model's figure, its interval, and below it the spread over seeds."""
    ends = [interval.low, interval.high]
    axes.plot(ends, [place, place], color=style.colour, linewidth=2.4, solid_capstyle="butt")
    face, edge, width = (style.colour, "white", 0.6) if filled else ("white", style.colour, 1.6)
    axes.plot(interval.value, place, style.marker, mfc=face, mec=edge, mew=width, ms=9)
    if interval.seed_sd > 0:
        ends = [interval.value - interval.seed_sd, interval.value + interval.seed_sd]
        axes.plot(ends, [place + 0.3] * 2, color=GREY, linewidth=1.1, marker="|", ms=5)


def draw_off_scale(axes: Axes, place: int, text: str, style: Series, *, to_right: bool) -> None:
    """Draw an arrow at the edge and a text for a figure that the axis leaves out."""
    axes.plot(
        0.985 if to_right else 0.015,
        place,
        ">" if to_right else "<",
        color=style.colour,
        ms=8,
        transform=axes.get_yaxis_transform(),
    )
    axes.text(
        0.95 if to_right else 0.05,
        place,
        text,
        transform=axes.get_yaxis_transform(),
        ha="right" if to_right else "left",
        va="center",
        fontsize=SMALL,
    )


def say_missing(axes: Axes, place: int, text: str) -> None:
    """Say in a model's line why it is empty."""
    axes.text(
        0.5,
        place,
        text,
        transform=axes.get_yaxis_transform(),
        ha="center",
        va="center",
        color=GREY,
        fontsize=SMALL,
    )


def add_legend(figure: Figure, marks: dict[str, Line2D]) -> None:
    """Explain the marks below all panels, with those that all figures of intervals have."""
    seeds = Line2D([], [], color=GREY, marker="|", ms=5, linewidth=1.1)
    off_scale = Line2D([], [], color=GREY, marker=">", ms=8, linestyle="")
    all_marks = marks | {
        "± 1 standard deviation over seeds": seeds,
        "off the axis, with its value": off_scale,
    }
    figure.legend(
        list(all_marks.values()),
        list(all_marks),
        loc="outside lower center",
        ncols=len(all_marks),
        handler_map={seeds: HandlerLine2D(numpoints=2)},
    )
