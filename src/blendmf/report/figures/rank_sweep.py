"""Figure of error and time of truncated SVD and matrix factorisation at the same ranks."""

import pandas as pd
from matplotlib.figure import Figure

from blendmf.report.figures.style import (
    label_ends,
    legend_mark,
    make_log,
    new_figure,
    panel_row,
    series_styles,
    shared_look,
    shorten,
)
from blendmf.report.palette import BLACK


@shared_look()
def plot_rank_sweep(rank_sweep: pd.DataFrame, narrow: bool = False) -> Figure:
    """Validation and test RMSE by rank, and the seconds to fit each rank.

    `rank_sweep` has the columns `method`, `rank`, `validation_rmse`, `test_rmse` and `seconds`.
    """
    figure = new_figure(7.8 if narrow else 4.1, narrow)
    error, time = panel_row(figure, 2, narrow)
    styles = series_styles(rank_sweep["method"])
    by_rank = rank_sweep.sort_values("rank")
    ranks = by_rank["rank"].unique()
    for method, style in styles.items():
        rows = by_rank[by_rank["method"] == method]
        for axes, column, line, face in (
            (error, "test_rmse", "-", style.colour),
            (error, "validation_rmse", "--", "white"),
            (time, "seconds", "-", style.colour),
        ):
            values, marker = rows[column], style.marker
            axes.plot(rows["rank"], values, line, color=style.colour, marker=marker, mfc=face)
    for axes in (error, time):
        make_log(axes, "x")
        axes.set_xticks(ranks, [str(rank) for rank in ranks])
        axes.set_xlabel("rank (number of factors)")
    make_log(time, "y", ticks=(1, 2, 5))
    error.set_title("Error by rank")
    error.set_ylabel("RMSE (rating points)")
    time.set_title("Time by rank")
    time.set_ylabel("seconds to fit")
    parts = [
        legend_mark("test", color=BLACK, marker="o"),
        legend_mark("validation", color=BLACK, marker="o", mfc="white", linestyle="--"),
    ]
    figure.legend(handles=parts, loc="outside lower center", ncols=2)
    for axes, column in ((error, "test_rmse"), (time, "seconds")):
        last = by_rank.dropna(subset=[column]).groupby("method")[column].last()
        ends = ((last[name], shorten(name, 14), styles[name]) for name in styles if name in last)
        label_ends(axes, ends)
    return figure
