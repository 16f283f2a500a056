"""What the search tried, what came of it, and which parameters mattered."""

from collections.abc import Mapping, Sequence
from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, StrMethodFormatter

from blendmf.report.figures.axis_limits import padded
from blendmf.report.figures.style import (
    BLUE,
    GREY,
    ORANGE,
    VERMILLION,
    make_log,
    new_figure,
    say_empty,
    shared_look,
    shorten,
)
from blendmf.search.space import Dimension

PANELS = 4
"""Parameters that are drawn beside each other."""

HISTORY_WIDTH = 1.5
"""Width of the panel of all trials in order, in widths of a parameter's panel."""

ROW_HEIGHT = 2.2
HEADER_HEIGHT = 0.3
LABEL_LENGTH = 20
"""Characters after which the label of an axis goes on in the next line."""

FEW_DECADES = 100.0
"""Ratio of a logarithmic axis' ends below which powers of ten alone would be too few ticks."""

SHOWN_SHARE = 0.85
"""Share of the trials, the best ones, that the axes are made for."""

MARGIN = 0.1
"""Room below the best trial, as a share of the shown range; twice that above the worst."""

TOP = 0.96
"""Height in a panel, as a share of it, at which marks stand that have no value on its axis."""


@shared_look()
def plot_search(
    trials: Sequence[pd.DataFrame],
    importances: Sequence[pd.DataFrame],
    models: Sequence[str],
    spaces: Sequence[Mapping[str, Dimension]],
    scores: Sequence[str],
    chosen: Sequence[int],
) -> Figure:
    """For each searched model: its trials in order, the parameters' effect and their importances.

    Parameters
    ----------
    trials : sequence of DataFrame
        One per model: `number`, `generation`, `state`, `value` (its score, NaN for a failed trial,
        at least one of a complete one), `finalist_mean` (NaN but for finalists) and a column for
        each searched parameter.
    importances : sequence of DataFrame
        One per model: `parameter`, `importance`; all 0 where there were too few trials.
    models : sequence of str
        Names of the searched models, in the order of `trials`.
    spaces : sequence of mapping
        One per model: what was searched, by name.
    scores : sequence of str
        One per model: what the values of its trials are.
    chosen : sequence of int
        One per model: number of the trial that was taken.
    """
    if not models:
        figure = new_figure(2.0)
        say_empty(figure.subplots(), "No model of this run was searched.")
        return figure
    rows = [-(-len(space) // PANELS) for space in spaces]
    heights = [n * ROW_HEIGHT + HEADER_HEIGHT for n in rows]
    figure = new_figure(sum(heights) + HEADER_HEIGHT)
    blocks = figure.subfigures(
        len(models), 1, squeeze=False, hspace=0.02, height_ratios=heights
    ).ravel()
    for place, (block, name) in enumerate(zip(blocks, models, strict=True)):
        shares = importances[place].set_index("parameter")["importance"]
        unknown = "" if shares.any() else " (too few trials to tell which parameters matter)"
        block.suptitle(shorten(name, 40) + unknown, x=0.01, ha="left", weight="bold", size=12)
        grid = block.add_gridspec(
            rows[place], 1 + PANELS, width_ratios=[HISTORY_WIDTH, *[1.0] * PANELS]
        )
        table = trials[place].assign(chosen=trials[place]["number"] == chosen[place])
        _draw_model(block, grid, table, shares, spaces[place], scores[place])
    figure.legend(handles=_legend(), loc="outside lower center", ncols=7)
    return figure


def _draw_model(
    block: SubFigure,
    grid: GridSpec,
    trials: pd.DataFrame,
    shares: pd.Series,
    space: Mapping[str, Dimension],
    score: str,
) -> None:
    history = block.add_subplot(grid[0, 0])
    complete = trials.loc[trials["state"] == "complete", "value"]
    best = float(complete.min())
    worst_shown = float(complete.quantile(SHOWN_SHARE))
    room = (worst_shown - best) * MARGIN or 0.01 * best
    history.set_ylim(best - room, worst_shown + 2 * room)
    history.set_ylabel(fill(score, LABEL_LENGTH))
    _draw_history(history, trials, worst_shown)
    for place, (parameter, dimension) in enumerate(space.items()):
        row, column = divmod(place, PANELS)
        axes = block.add_subplot(grid[row, 1 + column], sharey=history)
        _draw_parameter(axes, parameter, dimension, trials, worst_shown)
        label = fill(parameter.replace("_", " "), LABEL_LENGTH)
        axes.set_xlabel(f"{label}\nimportance {shares[parameter]:.2f}" if shares.any() else label)
    for place in range(len(space), grid.nrows * PANELS):  # keeps the panels of all models in line
        row, column = divmod(place, PANELS)
        block.add_subplot(grid[row, 1 + column]).set_axis_off()


def _draw_trials(axes: Axes, places: pd.Series, trials: pd.DataFrame, worst_shown: float) -> None:
    """Dots for trials on the scale, hollow if pruned; arrows for worse ones, crosses for failed."""
    values, pruned = trials["value"], trials["state"] == "pruned"
    on_scale = values <= worst_shown
    failed = values.isna()
    off_scale = ~on_scale & ~failed
    whole, cut = on_scale & ~pruned, on_scale & pruned
    above = axes.get_xaxis_transform()
    axes.plot(places[cut], values[cut], "o", color="white", mec=BLUE, mew=0.9)
    axes.plot(places[whole], values[whole], "o", color=BLUE, mec="white", mew=0.6)
    axes.plot(places[off_scale], [TOP] * off_scale.sum(), "^", color=GREY, transform=above)
    axes.plot(places[failed], [TOP] * failed.sum(), "x", color=VERMILLION, mew=1.8, transform=above)
    axes.plot(places, trials["finalist_mean"], "D", color=ORANGE, mec="white", mew=0.6, ms=5.5)
    taken = trials["chosen"]
    axes.plot(places[taken], values[taken], "*", color=ORANGE, mec="black", mew=0.7, ms=13)


def _draw_history(axes: Axes, trials: pd.DataFrame, worst_shown: float) -> None:
    numbers = trials["number"] + 1
    for start in numbers[trials["generation"].diff() > 0]:
        axes.axvline(start - 0.5, color=GREY, linewidth=0.8, linestyle=":")
    axes.set_xlim(0.4, numbers.max() + 0.6)
    complete = trials["value"].where(trials["state"] == "complete")
    axes.step(numbers, complete.cummin().ffill(), where="post", color=ORANGE)
    _draw_trials(axes, numbers, trials, worst_shown)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel("trial")


def _draw_parameter(
    axes: Axes, parameter: str, dimension: Dimension, trials: pd.DataFrame, worst_shown: float
) -> None:
    low, high = float(dimension.low), float(dimension.high)
    if dimension.log:
        make_log(axes, "x")
        if high / low < FEW_DECADES:
            axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        room = (high / low) ** 0.04
        axes.set_xlim(low / room, high * room)
    else:
        axes.set_xlim(*padded(low, high, 0.04))
        axes.xaxis.set_major_locator(MaxNLocator(4))
    for bound in (low, high):
        axes.axvline(bound, color=GREY, linewidth=1.0, linestyle="--")
    _draw_trials(axes, trials[parameter], trials, worst_shown)
    axes.tick_params(labelleft=False)


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], color=BLUE, marker="o", mec="white", linestyle="", label="trial"),
        Line2D([], [], color="white", marker="o", mec=BLUE, linestyle="", label="pruned"),
        Line2D([], [], color=ORANGE, label="best so far"),
        Line2D(
            [], [], color=ORANGE, marker="D", mec="white", linestyle="", label="finalists' mean"
        ),
        Line2D([], [], color=ORANGE, marker="*", mec="black", ms=12, linestyle="", label="taken"),
        Line2D([], [], color=GREY, marker="^", linestyle="", label="worse than the axis shows"),
        Line2D([], [], color=VERMILLION, marker="x", mew=1.8, linestyle="", label="failed"),
    ]
