"""Figure of the training and validation error by epoch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from blendmf.report.figures.style import (
    legend_mark,
    message_figure,
    new_figure,
    padded,
    shared_look,
    shorten,
    subtitle,
)
from blendmf.report.palette import BLUE, ORANGE

COLUMNS = 3
PANEL_HEIGHT = 2.9
LEGEND_HEIGHT = 0.5


@shared_look()
def plot_learning_curves(
    histories: Sequence[pd.DataFrame], models: Sequence[str], seeds: Sequence[int]
) -> Figure:
    """Training and validation RMSE by epoch: one panel per model, one pair of lines per seed.

    `models` and `seeds` are those of each history, whose columns are `epoch` (from 1), `train_rmse`
    and `validation_rmse`. Models with an empty history, not trained by epochs, are not shown.
    """
    fits: dict[str, list[pd.DataFrame]] = {model: [] for model in models}
    for _, model, history in sorted(
        zip(seeds, models, histories, strict=True), key=lambda fit: fit[0]
    ):
        if len(history):
            fits[model].append(history)
    fits = {model: fitted for model, fitted in fits.items() if fitted}
    if not fits:
        return message_figure("No model of this run was trained by epochs.")
    rows = -(-len(fits) // COLUMNS)
    columns = min(len(fits), COLUMNS)
    figure = new_figure(rows * PANEL_HEIGHT + LEGEND_HEIGHT, max(5.0, 3.2 * columns))
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes, (model, fitted) in zip(panels, fits.items(), strict=False):
        _draw_model(axes, model, fitted)
    for axes in panels[len(fits) :]:
        axes.set_visible(False)
    panels[0].set_ylim(*_limits([history for fitted in fits.values() for history in fitted]))
    figure.supylabel("RMSE (rating points)", fontsize=10)
    best = "best epoch of each seed, kept"
    marks = [
        legend_mark("training", color=ORANGE, linestyle="--"),
        legend_mark("validation", color=BLUE),
        legend_mark(best, color=BLUE, marker="o", mec="white", ms=8, linestyle=""),
    ]
    figure.legend(handles=marks, loc="outside lower center", ncols=3)
    return figure


def _limits(histories: Sequence[pd.DataFrame]) -> tuple[float, float]:
    """Range of all errors, cut at the highest first validation error."""
    values = pd.concat(histories)[["train_rmse", "validation_rmse"]].to_numpy()
    values = values[np.isfinite(values)]
    start = max(float(history["validation_rmse"].iloc[0]) for history in histories)
    highest = float(values.max())
    return padded(float(values.min()), min(start, highest) if np.isfinite(start) else highest)


def _draw_model(axes: Axes, model: str, histories: Sequence[pd.DataFrame]) -> None:
    best: list[tuple[float, int]] = []
    for history in histories:
        epochs = history["epoch"].to_numpy()
        validation = history["validation_rmse"].to_numpy()
        marker = "." if len(history) == 1 else ""
        look: Any = {"marker": marker, "alpha": 0.85}
        axes.plot(epochs, history["train_rmse"], "--", color=ORANGE, **look)
        axes.plot(epochs, validation, color=BLUE, **look)
        if np.isfinite(validation).any():
            n = int(np.nanargmin(validation))
            best.append((validation[n], int(epochs[n])))
            axes.plot(epochs[n], validation[n], "o", color=BLUE, mec="white", ms=8, zorder=3)
    axes.set_title(shorten(model, 30), pad=20)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    axes.set_xlabel("epoch")
    if not best:
        subtitle(axes, "no finite validation RMSE")
        return
    errors, at = zip(*best, strict=True)
    first, last = min(at), max(at)
    when = f"epoch {first}" if first == last else f"epochs {first} to {last}"
    subtitle(axes, f"best: {np.mean(errors):.3f} at {when}")
