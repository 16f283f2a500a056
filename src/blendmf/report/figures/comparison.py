"""All models side by side, with their intervals."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from blendmf.report.figures.axis_limits import close_to_best, padded
from blendmf.report.figures.highlights import styles_by_kind
from blendmf.report.figures.interval_panels import (
    MODEL_HEIGHT,
    ROOM,
    Interval,
    Panel,
    add_legend,
    draw_interval,
    draw_off_scale,
    say_missing,
    set_up_panel,
)
from blendmf.report.figures.style import GREY, Series, new_figure, shared_look


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
def plot_comparison(
    metrics: pd.DataFrame, kinds: Mapping[str, str], panels: tuple[Panel, ...]
) -> Figure:
    """Mean and 95 % interval of each model on each metric; the best by the first metric on top.

    Values far off from the best leave the axis; an arrow at its edge and a number stand for them.

    Parameters
    ----------
    metrics : DataFrame
        `model`, `metric`, `mean`, `low`, `high`, `seed_sd`.
    kinds : mapping of str to str
        Kind of each model.
    panels : tuple of Panel
        Metrics to show; up to two in the first row, up to three in each further one.
    """
    styles = styles_by_kind(kinds)
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
    mean = Line2D([], [], color=GREY, marker="o", ms=8, linewidth=2.4)
    add_legend(figure, {"mean, 95 % interval over users": mean})
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
    means = rows["mean"].to_numpy(dtype=np.float64)
    shown = close_to_best(means, panel.higher_is_better)
    set_up_panel(axes, panel, list(rows.index))
    axes.set_xlim(*_limits(rows[shown]))
    axes.set_xlabel("higher is better →" if panel.higher_is_better else "← lower is better")
    if shown.any():
        best = np.nanmax(means) if panel.higher_is_better else np.nanmin(means)
        axes.axvline(best, color=GREY, linewidth=0.9, linestyle=":", zorder=1)
    for place, (name, row) in enumerate(rows.iterrows()):
        style = styles[str(name)]
        if shown[place]:
            interval = Interval(row["mean"], row["low"], row["high"], row["seed_sd"])
            draw_interval(axes, place, interval, style)
        elif np.isfinite(row["mean"]):
            text = f"{row['mean']:.3g}"
            draw_off_scale(axes, place, text, style, to_right=not panel.higher_is_better)
        else:
            say_missing(axes, place, "predicts no ratings")


def _limits(rows: pd.DataFrame) -> tuple[float, float]:
    if rows.empty:
        return 0.0, 1.0
    deviation = rows["seed_sd"].fillna(0)
    low = np.nanmin([rows["low"].min(), (rows["mean"] - deviation).min()])
    high = np.nanmax([rows["high"].max(), (rows["mean"] + deviation).max()])
    return padded(float(low), float(high))
