"""Figures of the benchmarks: speed of the engines, and error of each system against time."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from blendmf.report.figures.style import (
    Series,
    label_ends,
    make_log,
    message_figure,
    new_figure,
    padded,
    series_styles,
    shared_look,
    shorten,
    subtitle,
)
from blendmf.report.palette import GREY

ROW_HEIGHT = 0.27
MARGINS = 1.1
PANEL_HEIGHT = 4.3
ABOVE_LEVEL = 1.0
"""Height of a panel above the common level, as a multiple of the distance from the level to the
lowest error; the first epochs, which are much worse, are cut off."""


@shared_look()
def plot_engine_speed(table: pd.DataFrame) -> Figure:
    """One row per engine, variant, size and number of factors; one point per number of threads.

    Columns: `engine, variant, threads, ratings, latent_dim, batch_size, updates_per_second`.
    """
    threads = [f"{n} thread{'s' if n > 1 else ''}" for n in table["threads"]]
    steps = ["" if n == 1 else f", batches of {n:,}" for n in table["batch_size"]]
    rows = [
        f"{row.engine}, {row.variant}, {row.ratings:,} ratings, d={row.latent_dim}{step}"
        for row, step in zip(table.itertuples(), steps, strict=True)
    ]
    place = {name: k for k, name in enumerate(dict.fromkeys(rows))}
    figure = new_figure(MARGINS + ROW_HEIGHT * len(place))
    axes = figure.subplots()
    speed = table["updates_per_second"] / 1e6
    for name, style in series_styles(threads).items():
        own = [k for k, label in enumerate(threads) if label == name]
        axes.plot(
            speed.iloc[own],
            [place[rows[k]] for k in own],
            style.marker,
            color=style.colour,
            label=name,
        )
    axes.set_yticks(range(len(place)), list(place))
    axes.invert_yaxis()
    make_log(axes, "x", ticks=(1, 2, 5))
    axes.set_xlabel("million updates per second")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


@shared_look()
def plot_time_to_accuracy(curves: pd.DataFrame, levels: pd.DataFrame) -> Figure:
    """Test RMSE against seconds of fitting: one panel per data set, one line per system.

    A dashed line marks the level that all systems of the data set reach, and a larger point where
    each system first reaches it. `curves` has the columns `data_set, system, seconds, test_rmse`,
    in the order of measurement, `levels` those of `benchmarks.accuracy.time_to_accuracy`.
    """
    names = list(dict.fromkeys(curves["data_set"]))
    if not names:
        return message_figure("No system was fitted for several numbers of epochs.")
    styles = series_styles(curves["system"])
    figure = new_figure(PANEL_HEIGHT * len(names))
    panels = figure.subplots(len(names), 1, squeeze=False)[:, 0]
    for axes, name in zip(panels, names, strict=True):
        own, reached = (table[table["data_set"] == name] for table in (curves, levels))
        _draw(axes, own, reached, styles)
        axes.set_title(name, pad=20)
    return figure


def _draw(
    axes: Axes, curves: pd.DataFrame, levels: pd.DataFrame, styles: dict[str, Series]
) -> None:
    level = float(levels["level_rmse"].iloc[0])
    axes.axhline(level, color=GREY, linestyle="--", linewidth=1.0)
    subtitle(axes, f"dashed: RMSE {level:.4f}, which all reach; large: when each does")
    ends = []
    for system, points in curves.groupby("system", sort=False):
        style = styles[str(system)]
        axes.plot(points["seconds"], points["test_rmse"], **style.look, markersize=3.5)
        first = points[points["test_rmse"] <= level].nsmallest(1, "seconds")
        reached = style.look | {"markersize": 9, "markeredgecolor": "white", "zorder": 3}
        axes.plot(first["seconds"], first["test_rmse"], **reached)
        ends.append((float(points["test_rmse"].iloc[-1]), shorten(str(system)), style))
    lowest = float(curves["test_rmse"].min())
    axes.set_ylim(*padded(lowest, level + ABOVE_LEVEL * (level - lowest)))
    make_log(axes, "x", ticks=(1, 2, 5))
    axes.set_xlabel("seconds of training")
    axes.set_ylabel("test RMSE (rating points)")
    label_ends(axes, ends)
