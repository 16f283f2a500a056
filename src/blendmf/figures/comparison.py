"""All models side by side, with their intervals."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerLine2D
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from blendmf.figures.scale import close_to_best, padded
from blendmf.figures.style import (
    GREY,
    SMALL,
    Series,
    new_figure,
    series_styles,
    shared_look,
    shorten,
)

MODEL_HEIGHT = 0.3
ROOM = 1.3


@dataclass(frozen=True)
class Panel:
    """One metric of the comparison.

    Attributes
    ----------
    metric : str
        Its name in the table of metrics.
    title : str
    higher_is_better : bool
    """

    metric: str
    title: str
    higher_is_better: bool


def headline_panels(k: int) -> tuple[Panel, ...]:
    """Metrics of the report's comparison, ranked lists being `k` long."""
    return (
        Panel("rmse", "RMSE (rating points)", higher_is_better=False),
        Panel("mae", "MAE (rating points)", higher_is_better=False),
        Panel("rated_precision_at_k", f"Precision@{k}, rated", higher_is_better=True),
        Panel("rated_recall_at_k", f"Recall@{k}, rated", higher_is_better=True),
        Panel("full_ndcg_at_k", f"NDCG@{k}, full", higher_is_better=True),
    )


@shared_look()
def plot_comparison(metrics: pd.DataFrame, panels: tuple[Panel, ...]) -> Figure:
    """Mean and 95 % interval of each model on each metric; the best by the first metric on top.

    Values far off from the best leave the axis; an arrow at its edge and a number stand for them.

    Parameters
    ----------
    metrics : DataFrame
        `model`, `metric`, `mean`, `low`, `high`, `seed_sd`.
    panels : tuple of Panel
        Metrics to show; up to two in the first row, up to three in each further one.
    """
    styles = series_styles(metrics["model"])
    order = _order(metrics, panels[0])
    widths = [panels[:2], *(panels[start : start + 3] for start in range(2, len(panels), 3))]
    figure = new_figure(len(widths) * (MODEL_HEIGHT * len(order) + ROOM) + 0.4)
    blocks = figure.subfigures(len(widths), 1, squeeze=False).ravel()
    for block, row in zip(blocks, widths, strict=True):
        for axes, panel in zip(
            block.subplots(1, len(row), sharey=True, squeeze=False).ravel(), row, strict=True
        ):
            rows = metrics[metrics["metric"] == panel.metric].set_index("model").reindex(order)
            _draw_panel(axes, panel, rows, styles)
    _add_legend(figure)
    return figure


def _order(metrics: pd.DataFrame, panel: Panel) -> list[str]:
    """Names of the models, best first; those without a value last."""
    models = list(dict.fromkeys(metrics["model"]))
    means = metrics[metrics["metric"] == panel.metric].set_index("model")["mean"]
    ordered = means.reindex(models).sort_values(
        ascending=not panel.higher_is_better, kind="stable", na_position="last"
    )
    return list(ordered.index)


def _draw_panel(axes: Axes, panel: Panel, rows: pd.DataFrame, styles: Mapping[str, Series]) -> None:
    places = range(len(rows))
    means = rows["mean"].to_numpy(dtype=np.float64)
    shown = close_to_best(means, panel.higher_is_better)
    axes.set_xlim(*_limits(rows[shown]))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(places, [shorten(name) for name in rows.index])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_title(panel.title)
    axes.set_xlabel("higher is better →" if panel.higher_is_better else "← lower is better")
    if shown.any():
        best = np.nanmax(means) if panel.higher_is_better else np.nanmin(means)
        axes.axvline(best, color=GREY, linewidth=0.9, linestyle=":", zorder=1)
    for place, (name, row) in zip(places, rows.iterrows(), strict=True):
        style = styles[str(name)]
        if shown[place]:
            _draw_model(axes, place, row, style)
        elif np.isfinite(row["mean"]):
            _draw_off_scale(axes, place, row["mean"], style, to_right=not panel.higher_is_better)
        else:
            axes.text(
                0.5,
                place,
                "predicts no ratings",
                transform=axes.get_yaxis_transform(),
                ha="center",
                va="center",
                color=GREY,
                fontsize=SMALL,
            )


def _limits(rows: pd.DataFrame) -> tuple[float, float]:
    if rows.empty:
        return 0.0, 1.0
    deviation = rows["seed_sd"].fillna(0)
    low = np.nanmin([rows["low"].min(), (rows["mean"] - deviation).min()])
    high = np.nanmax([rows["high"].max(), (rows["mean"] + deviation).max()])
    return padded(float(low), float(high))


def _draw_model(axes: Axes, place: int, row: pd.Series, style: Series) -> None:
    axes.plot(
        [row["low"], row["high"]],
        [place, place],
        color=style.colour,
        linewidth=2.4,
        solid_capstyle="butt",
    )
    axes.plot(row["mean"], place, style.marker, color=style.colour, mec="white", mew=0.6, ms=9)
    if row["seed_sd"] > 0:
        ends = [row["mean"] - row["seed_sd"], row["mean"] + row["seed_sd"]]
        axes.plot(ends, [place + 0.3] * 2, color=GREY, linewidth=1.1, marker="|", ms=5)


def _draw_off_scale(axes: Axes, place: int, value: float, style: Series, *, to_right: bool) -> None:
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
        f"{value:.3g}",
        transform=axes.get_yaxis_transform(),
        ha="right" if to_right else "left",
        va="center",
        fontsize=SMALL,
    )


def _add_legend(figure: Figure) -> None:
    users = Line2D([], [], color=GREY, marker="o", ms=8, linewidth=2.4)
    seeds = Line2D([], [], color=GREY, marker="|", ms=5, linewidth=1.1)
    off_scale = Line2D([], [], color=GREY, marker=">", ms=8, linestyle="")
    figure.legend(
        [users, seeds, off_scale],
        [
            "mean, 95 % interval over users",
            "± 1 standard deviation over seeds",
            "off the axis, with its value",
        ],
        loc="outside lower center",
        ncols=3,
        handler_map={seeds: HandlerLine2D(numpoints=2)},
    )
