"""Shared look of all figures, and helpers for their axes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import fill
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from blendmf.report.palette import BLACK, BLUE, COLOURS, GREEN, GREY, GRID, INK, VERMILLION

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

WIDTH, NARROW_WIDTH = 9.5, 4.2
"""Width of a figure in inches, about the size in which a page and a phone show it."""

SMALL = 9.0
"""Smallest text size in points."""

LINE_HEIGHT = 13.0
"""Distance between lines of small text, in points."""

LABEL_GAP = 12.0
"""Distance between the lines of neighbouring labels in points."""

FAR = 2.0
"""A value is far from the best one beyond this multiple of the median distance to it."""

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

_LOOK = {
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 10.0,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.0,
    "axes.titleweight": "bold",
    "figure.facecolor": "none",
    "font.size": 10.0,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "lines.linewidth": 1.7,
    "lines.markersize": 5.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "blendmf",
    "xtick.labelsize": SMALL,
    "xtick.major.size": 0.0,
    "ytick.labelsize": SMALL,
    "ytick.major.size": 0.0,
}


@contextmanager
def shared_look() -> Iterator[None]:
    """Use Matplotlib's defaults and the project's style, whatever the user's settings."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_LOOK)  # type: ignore[arg-type]
        yield


@dataclass(frozen=True)
class Series:
    """How one series is drawn; series differ in colour, marker and line style."""

    colour: str
    marker: str
    line: Line

    @property
    def look(self) -> dict[str, Any]:
        """Properties of Matplotlib's lines."""
        return {"color": self.colour, "marker": self.marker, "linestyle": self.line}


KIND_STYLES = {
    "mf-content": Series(VERMILLION, "o", LINES[0]),
    "mf": Series(BLUE, "s", LINES[0]),
    "content": Series(GREEN, "^", LINES[1]),
    "bias": Series(BLACK, "D", LINES[3]),
}
"""Styles of the model kinds that the experiment is about, the same in every figure."""

OTHER = Series(GREY, "o", LINES[0])


def styles_by_kind(kinds: Mapping[str, str]) -> dict[str, Series]:
    """Style of each model by its kind, for figures that print the name next to each mark."""
    return {name: KIND_STYLES.get(kind, OTHER) for name, kind in kinds.items()}


def series_styles(names: Iterable[str]) -> dict[str, Series]:
    """Style of each name by its position, so that figures of the same models agree."""
    return {
        name: Series(COLOURS[n % len(COLOURS)], MARKERS[n % len(MARKERS)], LINES[n % len(LINES)])
        for n, name in enumerate(dict.fromkeys(names))
    }


def new_figure(height: float, narrow: bool = False) -> Figure:
    """Empty figure of this height in inches, for a page or, if `narrow`, for a phone."""
    width = NARROW_WIDTH if narrow else WIDTH
    return Figure(figsize=(width, height), layout="constrained")


def is_narrow(part: Axes | Figure) -> bool:
    """Whether a figure, or that of a panel, is for phones."""
    figure = part.get_figure(root=True)
    assert figure is not None
    return bool(figure.get_figwidth() < WIDTH)


def panel_row(figure: Figure, n: int, narrow: bool, **options: Any) -> Sequence[Axes]:
    """Panels next to each other, or below each other in a narrow figure.

    `options` are those of ``subplots`` for panels next to each other.
    """
    if narrow:
        return list(np.ravel(figure.subplots(n, 1, squeeze=False)))
    return list(np.ravel(figure.subplots(1, n, squeeze=False, **options)))


def message_figure(text: str, narrow: bool = False) -> Figure:
    """Figure that shows only a message, such as why there is nothing to draw."""
    figure = new_figure(2.0, narrow)
    show_message(figure.subplots(), fill(text, 45))
    return figure


def legend_mark(label: str, **look: Any) -> Line2D:
    """Entry of a legend, drawn as a line with these properties."""
    return Line2D([], [], label=label, **look)


def make_log(axes: Axes, *names: Literal["x", "y"], ticks: Sequence[float] = ()) -> None:
    """Make the named axes of a panel logarithmic.

    By default only powers of ten have ticks, otherwise these multiples of them, as plain numbers.
    Powers are text with raised digits, since readers and searches do not understand formulas.
    """
    for name in names:
        axes.set(**{f"{name}scale": "log"})
        axis = getattr(axes, f"{name}axis")
        axis.set_minor_locator(NullLocator())
        if ticks:
            axis.set_major_locator(LogLocator(subs=ticks))
            axis.set_major_formatter("{x:g}")
        else:
            axis.set_major_formatter(lambda value, _: power_of_ten(value))


def power_of_ten(value: float) -> str:
    """A power of ten as text: 0.01 to 1,000 as numbers, others as 10 with a raised exponent."""
    if 0.01 <= value <= 1000:
        return f"{value:,g}"
    return f"10{str(round(np.log10(value))).translate(RAISED)}"


def close_to_best(values: ArrayLike, higher_is_better: bool = False) -> NDArray[np.bool_]:
    """Mark the values that an axis should show: those not far from the best one.

    Missing values are NaN and not marked, and neither are values farther from the best than `FAR`
    times the median distance. One or two values are always close.
    """
    array = np.asarray(values, dtype=np.float64)
    known = np.isfinite(array)
    if not known.any():
        return known
    best = array[known].max() if higher_is_better else array[known].min()
    distance = np.abs(array - best)
    others = np.sort(distance[known])[1:]
    if len(others) < 2 or np.median(others) == 0:
        return known
    near: NDArray[np.bool_] = np.nan_to_num(distance, nan=np.inf) <= FAR * np.median(others)
    return known & near


def padded(low: float, high: float, share: float = 0.06) -> tuple[float, float]:
    """Widen a range by a share of its width on each side; an empty one by 1 % of its value."""
    margin = (high - low) * share or max(abs(high) * 0.01, 1e-3)
    return low - margin, high + margin


def show_message(axes: Axes, text: str) -> None:
    """Show only a text in the middle of a panel."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY)


def subtitle(axes: Axes, text: str) -> None:
    """Write a line between a panel and its title, whose pad must be 20 points or more."""
    offset: Any = {"xytext": (0, 6), "textcoords": "offset points"}
    axes.annotate(text, (0, 1), xycoords="axes fraction", fontsize=SMALL, **offset)


def shorten(name: str, length: int = 26) -> str:
    """Cut the middle out of a name that is longer than `length` characters."""
    if len(name) <= length:
        return name
    head = (length - 1) // 2
    return f"{name[:head]}…{name[-(length - 1 - head) :]}"


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Move positions as little as possible (least squares) until they are at least `gap` apart.

    Their order stays. Spread positions are, up to equal steps, an isotonic regression.
    """
    if not positions:
        return []
    order = np.argsort(positions, kind="stable")
    steps = gap * np.arange(len(order))
    moved = np.empty(len(order))
    moved[order] = isotonic_regression(np.asarray(positions)[order] - steps).x + steps
    return [float(position) for position in moved]


def label_ends(axes: Axes, ends: Iterable[tuple[float, str, Series]]) -> None:
    """Write each series' name next to its last point, right of the panel and without overlap.

    Each end is (y in data coordinates, name, style). Everything else must be drawn before, since
    the names are spaced by the panel's final height.
    """
    ends = list(ends)
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    to_axes = axes.transData + axes.transAxes.inverted()
    wanted = [float(to_axes.transform((axes.get_xlim()[1], y))[1]) for y, _, _ in ends]
    points = 72 / figure.dpi
    gap = LABEL_GAP / (axes.bbox.height * points)
    x = 1 + 9 / (axes.bbox.width * points)
    offset: Any = {"xytext": (6, 0), "textcoords": "offset points", "annotation_clip": False}
    for y, (_, name, style) in zip(spread(wanted, gap), ends, strict=True):
        look: Any = {"color": style.colour, "transform": axes.transAxes, "clip_on": False}
        axes.plot(x, y, style.marker, **look)
        axes.annotate(name, (x, y), xycoords="axes fraction", va="center", fontsize=SMALL, **offset)
