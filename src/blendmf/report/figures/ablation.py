"""What the model loses with each part of the content, and with the wrong content."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from blendmf.report.figures.axis_limits import padded
from blendmf.report.figures.interval_panels import (
    MODEL_HEIGHT,
    ROOM,
    Interval,
    Panel,
    draw_interval,
    say_missing,
    set_up_panel,
)
from blendmf.report.figures.style import (
    BLUE,
    GREY,
    VERMILLION,
    Series,
    new_figure,
    shared_look,
)
from blendmf.studies.ablation import Placebos

ARM = Series(BLUE, "o", "-")
PLACEBO = Series(VERMILLION, "D", "-")

STACK = 0.2
"""Distance of dots that would cover each other, in lines."""

BINS = 60
"""Dots closer than the width of the panel over this would cover each other."""

TITLE = Panel("rmse", "Test RMSE, minus that of the full model", higher_is_better=False)


@shared_look()
def plot_ablation(table: pd.DataFrame, placebos: Placebos | None) -> Figure:
    """Each arm's RMSE minus the full model's, and a dot for each placebo.

    Parameters
    ----------
    table : DataFrame
        `arm`, `role`, `difference`, `low`, `high`, `seed_sd`, `holds`, `same_content`.
    placebos : Placebos or None
        None where there is none.
    """
    arms = table[~table["role"].isin(["full", "placebo"])]
    dots = table.loc[table["role"] == "placebo", "difference"].to_numpy()
    names = arms["arm"].to_list()
    if placebos is not None:
        names.append(f"{placebos.n_placebos} placebo{'' if placebos.n_placebos == 1 else 's'}")
    # The dots of the placebos want the height of three lines.
    figure = new_figure(MODEL_HEIGHT * (len(names) + 2) + ROOM + 0.4)
    axes = figure.subplots()
    set_up_panel(axes, TITLE, names)
    axes.set_ylim(len(names) + 1.0, -0.5)
    axes.set_xlim(*_limits(arms, dots))
    axes.axvline(0.0, color=GREY, linewidth=0.9, zorder=1)
    axes.set_xlabel("full model better →")
    for place, (_, row) in enumerate(arms.iterrows()):
        if row["same_content"]:
            say_missing(axes, place, "no such content here")
        else:
            values = (row[key] for key in ("difference", "low", "high", "seed_sd"))
            draw_interval(axes, place, Interval(*values), ARM, filled=row["holds"])
    if placebos is not None:
        _draw_placebos(axes, len(names) - 1, dots)
    _add_legend(figure)
    return figure


def _limits(arms: pd.DataFrame, dots: np.ndarray) -> tuple[float, float]:
    shown = arms[~arms["same_content"]]
    spread = shown["seed_sd"].fillna(0.0)
    low = [0.0, *shown["low"], *(shown["difference"] - spread), *dots]
    high = [0.0, *shown["high"], *(shown["difference"] + spread), *dots]
    return padded(min(low), max(high))


def _draw_placebos(axes: Axes, place: int, dots: np.ndarray) -> None:
    """Dots, those that would cover each other below one another, and their mean."""
    left, right = axes.get_xlim()
    ordered = np.sort(dots)
    bins = np.floor((ordered - left) / (right - left) * BINS)
    _, first, of_bin = np.unique(bins, return_index=True, return_inverse=True)
    depth = np.arange(len(ordered)) - first[of_bin]
    axes.plot(
        ordered,
        place + STACK * depth,
        PLACEBO.marker,
        color=PLACEBO.colour,
        mec="white",
        mew=0.5,
        ms=6,
    )
    axes.plot([dots.mean()] * 2, [place - 0.35, place + 0.35], color=GREY, linewidth=1.6)


def _add_legend(figure: Figure) -> None:
    colour = ARM.colour
    marks = {
        "holds; 95 % interval over users": Line2D(
            [], [], color=colour, marker="o", ms=8, linewidth=2.4
        ),
        "does not hold": Line2D(
            [], [], color=colour, marker="o", ms=8, linewidth=2.4, mfc="white", mew=1.6
        ),
        "± 1 standard deviation over seeds": Line2D(
            [], [], color=GREY, marker="|", ms=5, linewidth=1.1
        ),
        "a placebo": Line2D([], [], color=PLACEBO.colour, marker=PLACEBO.marker, ms=6, ls=""),
        "mean of the placebos": Line2D([], [], color=GREY, marker="|", ms=10, mew=1.6, ls=""),
    }
    figure.legend(list(marks.values()), list(marks), loc="outside lower center", ncols=3)
