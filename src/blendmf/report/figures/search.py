"""Figure of the search: its trials, their scores, and which parameters mattered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from blendmf.report.figures.style import (
    legend_mark,
    make_log,
    message_figure,
    new_figure,
    padded,
    shared_look,
    shorten,
)
from blendmf.report.palette import BLUE, GREY, ORANGE, VERMILLION
from blendmf.search.space import Dimension

PANELS = 4
"""Number of parameters in one row."""

HISTORY_WIDTH = 1.5
"""Width of the panel of the trial history, relative to a parameter's panel."""

ROW_HEIGHT = 2.2
HEADER_HEIGHT = 0.3
LABEL_LENGTH = 20
"""Longest line of an axis label in characters."""

FEW_DECADES = 100.0
"""Log axes get ticks between the powers of ten if the ratio of their bounds is smaller."""

SHOWN_SHARE = 0.85
"""Share of the complete trials, best first, that fit on the axes."""

MARGIN = 0.1
"""Room below the best trial, as a share of the shown range; twice that above the worst."""

TOP = 0.96
"""Height of marks for trials without a value on the axis, as a share of the panel."""

MARKS: dict[str, dict[str, Any]] = {
    "trial": {"color": BLUE, "marker": "o", "mec": "white", "mew": 0.6},
    "pruned": {"color": "white", "marker": "o", "mec": BLUE, "mew": 0.9},
    "best so far": {"color": ORANGE},
    "finalists' mean": {"color": ORANGE, "marker": "D", "mec": "white", "mew": 0.6, "ms": 5.5},
    "taken": {"color": ORANGE, "marker": "*", "mec": "black", "mew": 0.7, "ms": 13},
    "worse than the axis shows": {"color": GREY, "marker": "^"},
    "failed": {"color": VERMILLION, "marker": "x", "mew": 1.8},
}
"""Marks by their label in the legend."""


@dataclass(frozen=True, eq=False)
class ModelSearch:
    """Search of one model.

    `score` names the score that the trials' values are; `chosen` is the number of the chosen trial.
    `trials` has the columns `number`, `generation`, `state`, `value` (NaN for a failed trial; one
    trial must be complete), `finalist_mean` (NaN unless a finalist) and one for each parameter of
    the `space`. `importances` has `parameter` and `importance`, all 0 if there were too few trials.
    """

    model: str
    score: str
    chosen: int
    trials: pd.DataFrame
    importances: pd.DataFrame
    space: Mapping[str, Dimension]


@shared_look()
def plot_search(searches: Sequence[ModelSearch]) -> Figure:
    """For each searched model: its trials in order, and their scores against each parameter."""
    if not searches:
        return message_figure("No model of this run was searched.")
    heights = [-(-len(one.space) // PANELS) * ROW_HEIGHT + HEADER_HEIGHT for one in searches]
    figure = new_figure(sum(heights) + HEADER_HEIGHT)
    blocks = figure.subfigures(
        len(searches), 1, squeeze=False, hspace=0.02, height_ratios=heights
    ).ravel()
    for block, search in zip(blocks, searches, strict=True):
        _draw_model(block, search)
    marks = [
        legend_mark(label, linestyle="" if "marker" in look else "-", **look)
        for label, look in MARKS.items()
    ]
    figure.legend(handles=marks, loc="outside lower center", ncols=7)
    return figure


def _draw_model(block: SubFigure, search: ModelSearch) -> None:
    shares = search.importances.set_index("parameter")["importance"]
    unknown = "" if shares.any() else " (too few trials to tell which parameters matter)"
    block.suptitle(shorten(search.model, 40) + unknown, x=0.01, ha="left", weight="bold", size=12)
    n_rows = -(-len(search.space) // PANELS)
    grid = block.add_gridspec(n_rows, 1 + PANELS, width_ratios=[HISTORY_WIDTH, *[1.0] * PANELS])
    trials = search.trials.assign(chosen=search.trials["number"] == search.chosen)
    complete = trials.loc[trials["state"] == "complete", "value"]
    best, worst_shown = float(complete.min()), float(complete.quantile(SHOWN_SHARE))
    room = (worst_shown - best) * MARGIN or 0.01 * best
    history = block.add_subplot(grid[0, 0])
    history.set_ylim(best - room, worst_shown + 2 * room)
    history.set_ylabel(fill(search.score, LABEL_LENGTH))
    _draw_history(history, trials, worst_shown)
    parameters = list(search.space.items())
    for n in range(n_rows * PANELS):
        row, column = divmod(n, PANELS)
        if n >= len(parameters):  # aligns the panels of all models
            block.add_subplot(grid[row, 1 + column]).set_axis_off()
            continue
        parameter, dimension = parameters[n]
        axes = block.add_subplot(grid[row, 1 + column], sharey=history)
        _set_range(axes, dimension)
        _draw_trials(axes, trials[parameter], trials, worst_shown)
        axes.tick_params(labelleft=False)
        label = fill(parameter.replace("_", " "), LABEL_LENGTH)
        axes.set_xlabel(f"{label}\nimportance {shares[parameter]:.2f}" if shares.any() else label)


def _draw_trials(axes: Axes, x: pd.Series, trials: pd.DataFrame, worst_shown: float) -> None:
    """Draw dots for trials on the scale, hollow if pruned, and marks at the top for the others."""
    values, pruned = trials["value"], trials["state"] == "pruned"
    on_scale, failed = values <= worst_shown, values.isna()
    at_top = pd.Series(TOP, values.index)
    top: Any = {"transform": axes.get_xaxis_transform()}
    for label, shown, y, look in (
        ("pruned", on_scale & pruned, values, {}),
        ("trial", on_scale & ~pruned, values, {}),
        ("worse than the axis shows", ~on_scale & ~failed, at_top, top),
        ("failed", failed, at_top, top),
        ("finalists' mean", trials["finalist_mean"].notna(), trials["finalist_mean"], {}),
        ("taken", trials["chosen"], values, {}),
    ):
        axes.plot(x[shown], y[shown], linestyle="", **MARKS[label], **look)


def _draw_history(axes: Axes, trials: pd.DataFrame, worst_shown: float) -> None:
    numbers = trials["number"] + 1
    for start in numbers[trials["generation"].diff() > 0]:
        axes.axvline(start - 0.5, color=GREY, linewidth=0.8, linestyle=":")
    axes.set_xlim(0.4, numbers.max() + 0.6)
    complete = trials["value"].where(trials["state"] == "complete")
    axes.step(numbers, complete.cummin().ffill(), where="post", **MARKS["best so far"])
    _draw_trials(axes, numbers, trials, worst_shown)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel("trial")


def _set_range(axes: Axes, dimension: Dimension) -> None:
    """Fit the axis to the search space, whose bounds are dashed."""
    low, high = float(dimension.low), float(dimension.high)
    if dimension.log:
        make_log(axes, "x", ticks=(1.0, 3.0) if high / low < FEW_DECADES else ())
        room = (high / low) ** 0.04
        axes.set_xlim(low / room, high * room)
    else:
        axes.set_xlim(*padded(low, high, 0.04))
        axes.xaxis.set_major_locator(MaxNLocator(4))
    for bound in (low, high):
        axes.axvline(bound, color=GREY, linewidth=1.0, linestyle="--")
