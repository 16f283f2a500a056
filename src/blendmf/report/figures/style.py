"""The look that all figures share, and saving them with the same bytes for the same data."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from blendmf.common.files import PathLike, write_text

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK, GREY = "#E69F00", "#56B4E9", "#000000", "#767676"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK, GREY)
"""M. Okabe and K. Ito's palette, which readers with any colour vision can tell apart, and a grey
in place of its yellow, which is too light for lines on white."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "<")
Line = Literal["-", ""] | tuple[int, tuple[float, ...]]
"""A line style of Matplotlib: solid, none, or lengths of dashes and gaps in points."""

LINES: tuple[Line, ...] = (
    "-",
    (0, (6, 1.5)),
    (0, (3, 1, 1, 1)),
    (0, (1, 1)),
    (0, (8, 1.5, 1, 1.5)),
)

WIDTH = 9.5
"""Width of a figure in inches; the report shows it in about this size."""

SMALL = 9.0
"""Size of the smallest text in points."""

LABEL_GAP = 12.0
"""Distance between the lines of neighbouring labels in points."""

INDENTATION_AND_COMMENTS = re.compile("^ +(<!--.*-->\n)?", re.MULTILINE)
"""A sixth of the file that Matplotlib writes."""

_LOOK = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelcolor": "#222222",
    "axes.labelsize": 10.0,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.0,
    "axes.titleweight": "bold",
    "figure.facecolor": "white",
    "font.size": 10.0,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.7,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "lines.linewidth": 1.7,
    "lines.markersize": 5.5,
    "svg.fonttype": "path",
    "svg.hashsalt": "blendmf",
    "xtick.labelsize": SMALL,
    "xtick.major.size": 0.0,
    "ytick.labelsize": SMALL,
    "ytick.major.size": 0.0,
}


@contextmanager
def shared_look() -> Iterator[None]:
    """Matplotlib's defaults and the project's look on top, whatever the user's own settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_LOOK)  # type: ignore[arg-type]
        yield


@dataclass(frozen=True)
class Series:
    """How one series is drawn: told apart by colour, by marker and by line style."""

    colour: str
    marker: str
    line: Line


def series_styles(names: Iterable[str]) -> dict[str, Series]:
    """Style of each name by its place in order, so that figures of the same models agree."""
    return {
        name: Series(
            COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)], LINES[place % len(LINES)]
        )
        for place, name in enumerate(dict.fromkeys(names))
    }


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Empty figure of `width` x `height` inches whose parts are laid out without overlap."""
    return Figure(figsize=(width, height), layout="constrained")


def save_figure(path: PathLike, figure: Figure, title: str) -> None:
    """Write a figure as SVG: text as outlines, no date, the same bytes for the same figure.

    Parameters
    ----------
    title : str
        What a screen reader says of the picture.
    """
    svg = StringIO()
    with shared_look():
        figure.savefig(svg, format="svg", metadata={"Date": None, "Title": title})
    write_text(path, INDENTATION_AND_COMMENTS.sub("", svg.getvalue()))


def make_log(axes: Axes, *names: Literal["x", "y"]) -> None:
    """Make the named axes of a panel logarithmic, with ticks at powers of ten only."""
    for name in names:
        axes.set(**{f"{name}scale": "log"})
        getattr(axes, f"{name}axis").set_minor_locator(NullLocator())


def say_empty(axes: Axes, text: str) -> None:
    """Say in the middle of an empty panel why it is empty."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY)


def say_above(axes: Axes, text: str) -> None:
    """Write a line between a panel and its title, which needs a pad of 20 points or more."""
    axes.annotate(
        text,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 6),
        textcoords="offset points",
        fontsize=SMALL,
    )


def shorten(name: str, length: int = 26) -> str:
    """Cut the middle out of a name that is longer than `length` characters."""
    if len(name) <= length:
        return name
    head = (length - 1) // 2
    return f"{name[:head]}…{name[-(length - 1 - head) :]}"


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Move positions apart until neighbours are at least `gap` apart, keeping their order.

    Runs of crowded positions are centred on the mean of where they wanted to be.
    """
    order = sorted(range(len(positions)), key=lambda place: positions[place])
    runs: list[list[int]] = []

    def first(run: list[int]) -> float:
        return sum(positions[place] for place in run) / len(run) - gap * (len(run) - 1) / 2

    for place in order:
        runs.append([place])
        while len(runs) > 1 and first(runs[-1]) < first(runs[-2]) + gap * len(runs[-2]):
            runs[-2:] = [runs[-2] + runs[-1]]
    moved = [0.0] * len(positions)
    for run in runs:
        for step, place in enumerate(run):
            moved[place] = first(run) + gap * step
    return moved


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, Series]]) -> None:
    """Write each series' name beside its last point, right of the panel and without overlap.

    Parameters
    ----------
    ends : sequence of (y, name, style)
        ``y`` in data coordinates. All else must be drawn before, since the names are set apart
        by the panel's final height.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    to_axes = axes.transData + axes.transAxes.inverted()
    wanted = [float(to_axes.transform((axes.get_xlim()[1], y))[1]) for y, _, _ in ends]
    points = 72 / figure.dpi
    gap = LABEL_GAP / (axes.bbox.height * points)
    beside = 1 + 9 / (axes.bbox.width * points)
    for place, (_, name, style) in zip(spread(wanted, gap), ends, strict=True):
        axes.plot(
            beside, place, style.marker, color=style.colour, transform=axes.transAxes, clip_on=False
        )
        axes.annotate(
            name,
            (beside, place),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            annotation_clip=False,
        )
