"""Error and time of truncated SVD and of matrix factorisation at the same ranks."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

from blendmf.report.figures.style import (
    BLACK,
    Series,
    label_ends,
    make_log,
    new_figure,
    series_styles,
    shared_look,
    shorten,
)


@shared_look()
def plot_rank_sweep(rank_sweep: pd.DataFrame) -> Figure:
    """RMSE on validation and test part by rank, and the seconds that each rank took.

    Parameters
    ----------
    rank_sweep : DataFrame
        `method`, `rank`, `validation_rmse`, `test_rmse`, `seconds`.
    """
    figure = new_figure(4.1)
    error, time = figure.subplots(1, 2)
    styles = series_styles(rank_sweep["method"])
    by_rank = rank_sweep.sort_values("rank")
    for method, style in styles.items():
        rows = by_rank[by_rank["method"] == method]
        _draw_line(error, rows, "test_rmse", style)
        _draw_line(error, rows, "validation_rmse", style, dashed=True)
        _draw_line(time, rows, "seconds", style)
    for axes in (error, time):
        _set_ranks(axes, np.unique(by_rank["rank"]))
    make_log(time, "y")
    time.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    time.yaxis.set_major_formatter("{x:g}")
    error.set_title("Error by rank")
    error.set_ylabel("RMSE (rating points)")
    time.set_title("Time by rank")
    time.set_ylabel("seconds to fit")
    parts = [
        Line2D([], [], color=BLACK, marker="o", label="test"),
        Line2D([], [], color=BLACK, marker="o", mfc="white", linestyle="--", label="validation"),
    ]
    figure.legend(handles=parts, loc="outside lower center", ncols=2)
    _label(error, by_rank, "test_rmse", styles)
    _label(time, by_rank, "seconds", styles)
    return figure


def _draw_line(
    axes: Axes, rows: pd.DataFrame, column: str, style: Series, dashed: bool = False
) -> None:
    axes.plot(
        rows["rank"],
        rows[column],
        color=style.colour,
        marker=style.marker,
        mfc="white" if dashed else style.colour,
        linestyle="--" if dashed else "-",
    )


def _set_ranks(axes: Axes, ranks: np.ndarray) -> None:
    make_log(axes, "x")
    axes.set_xticks(ranks, [str(rank) for rank in ranks])
    axes.set_xlabel("rank (number of factors)")


def _label(axes: Axes, by_rank: pd.DataFrame, column: str, styles: dict[str, Series]) -> None:
    last = by_rank.dropna(subset=[column]).groupby("method")[column].last()
    ends = [
        (float(last[method]), shorten(method, 14), style)
        for method, style in styles.items()
        if method in last
    ]
    label_ends(axes, ends)
