"""Figure of the time and memory of every rule by number of ratings."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from blendmf.report.figures.style import (
    label_ends,
    make_log,
    new_figure,
    series_styles,
    shared_look,
    shorten,
)
from blendmf.report.palette import GREY
from blendmf.resources.usage import BYTES_PER_RATING, MIB

PHASES = {
    "data": ("fetch", "import_tables", "split", "matrices", "content"),
    "audits": ("leakage", "fitted_on"),
    "training": ("train", "rank_sweep", "search", "select_best"),
    "evaluation": ("evaluate", "compare", "recommend"),
}
"""Rules of each phase; all other rules are in the phase ``report``."""

MOST_TIMES_RATINGS = 4
"""Memory that no rule should exceed, as a multiple of the size of the ratings table."""


@shared_look()
def plot_scaling(rules: pd.DataFrame, narrow: bool = False) -> Figure:
    """Processor seconds and peak memory of every rule by ratings, on logarithmic axes.

    Grey lines show linear growth (time) and the memory that no rule should exceed. `rules` is the
    table of `blendmf.resources.usage.scaling`.
    """
    phase_of = {rule: phase for phase, members in PHASES.items() for rule in members}
    phases = rules["rule"].map(phase_of).fillna("report")
    shown = [phase for phase in (*PHASES, "report") if (phases == phase).any()]
    panels_per_row = 1 if narrow else 2
    figure = new_figure(3.1 * len(shown) * 2 / panels_per_row, narrow)
    grid = figure.subplots(len(shown) * 2 // panels_per_row, panels_per_row, sharex=True)
    panels = np.reshape(grid, (len(shown), 2))
    for phase, (time, memory) in zip(shown, panels, strict=True):
        own = rules[phases == phase]
        _draw(time, own, "processor_seconds")
        _draw(memory, own, "peak_mib")
        time.set(title=f"Time: {phase}", ylabel="processor seconds")
        memory.set(title=f"Memory: {phase}", ylabel="peak MiB")
    for axes in panels[-1:].ravel()[-panels_per_row:]:
        axes.set_xlabel("ratings")
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    return figure


def scaling_text(rules: pd.DataFrame) -> str:
    """The rules with the most time and memory for the most ratings."""
    largest = rules[rules["ratings"] == rules["ratings"].max()]
    names = largest["rule"].str.cat(largest["model"].fillna(""), sep=" ").str.strip()
    time, memory = (largest[column] for column in ("processor_seconds", "peak_mib"))
    if largest.empty:
        return "Time and memory of every rule by number of ratings."
    return (
        f"Time and memory of every rule by number of ratings. At {largest['ratings'].max():,} "
        f"ratings {names[time.idxmax()]} takes the most time, {time.max():,.0f} processor seconds, "
        f"and {names[memory.idxmax()]} the most memory, {memory.max():,.0f} MiB."
    )


def _draw(axes: Axes, rules: pd.DataFrame, column: str) -> None:
    make_log(axes, "x", "y")
    names = rules["rule"].str.cat(rules["model"].fillna(""), sep=" ").str.strip()
    ends = []
    for name, style in series_styles(names).items():
        rows = rules[names == name]
        axes.plot(rows["ratings"], rows[column], **style.look)
        ends.append((float(rows[column].iloc[-1]), shorten(name, 20), style))
    ratings = np.array([rules["ratings"].min(), rules["ratings"].max()])
    low, high = rules[column].min() / 1.5, rules[column].max() * 1.5
    if column == "peak_mib":
        bound = MOST_TIMES_RATINGS * BYTES_PER_RATING * ratings / MIB
        axes.plot(ratings, bound, color=GREY, linestyle="--", linewidth=1)
    else:
        axes.plot(ratings, high / 2 * ratings / ratings[-1], color=GREY, linestyle=":", linewidth=1)
    axes.set_ylim(low, high)
    axes.yaxis.set_major_formatter("{x:,g}")
    label_ends(axes, ends)
