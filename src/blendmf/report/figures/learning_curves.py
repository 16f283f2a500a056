"""How the error fell while the models were trained."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from blendmf.report.figures.axis_limits import padded
from blendmf.report.figures.style import (
    BLUE,
    ORANGE,
    new_figure,
    say_above,
    say_empty,
    shared_look,
    shorten,
)

COLUMNS = 3
PANEL_HEIGHT = 2.9
LEGEND_HEIGHT = 0.5


@shared_look()
def plot_learning_curves(
    histories: Sequence[pd.DataFrame], models: Sequence[str], seeds: Sequence[int]
) -> Figure:
    """Training and validation RMSE by epoch: one panel per model, one pair of lines per seed.

    Parameters
    ----------
    histories : sequence of DataFrame
        `epoch` (from 1), `train_rmse`, `validation_rmse`; empty where a model is not trained by
        epochs, and then not shown.
    models, seeds : sequence
        What each history is of, in the same order.
    """
    fits: dict[str, list[pd.DataFrame]] = {}
    for _, model, history in sorted(
        zip(seeds, models, histories, strict=True), key=lambda fit: fit[0]
    ):
        fits.setdefault(model, [])
        if len(history):
            fits[model].append(history)
    fits = {model: fits[model] for model in dict.fromkeys(models) if fits[model]}
    if not fits:
        figure = new_figure(2.0)
        say_empty(figure.subplots(), "No model of this run was trained by epochs.")
        return figure

    rows = -(-len(fits) // COLUMNS)
    columns = min(len(fits), COLUMNS)
    figure = new_figure(rows * PANEL_HEIGHT + LEGEND_HEIGHT, max(5.0, 3.2 * columns))
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes, (model, model_histories) in zip(panels, fits.items(), strict=False):
        _draw_model(axes, model, model_histories)
    for axes in panels[len(fits) :]:
        axes.set_visible(False)
    panels[0].set_ylim(*_limits([history for fit in fits.values() for history in fit]))
    figure.supylabel("RMSE (rating points)", fontsize=10)
    figure.legend(handles=_legend(), loc="outside lower center", ncols=3)
    return figure


def _limits(histories: Sequence[pd.DataFrame]) -> tuple[float, float]:
    columns = ["train_rmse", "validation_rmse"]
    values = np.concatenate([history[columns].to_numpy().ravel() for history in histories])
    values = values[np.isfinite(values)]
    start = max(float(history["validation_rmse"].iloc[0]) for history in histories)
    high = start if np.isfinite(start) else float(values.max())
    return padded(float(values.min()), min(high, float(values.max())))


def _draw_model(axes: Axes, model: str, histories: Sequence[pd.DataFrame]) -> None:
    best_rmse, best_epochs = [], []
    for history in histories:
        epochs = history["epoch"].to_numpy()
        validation = history["validation_rmse"].to_numpy()
        marker = "." if len(history) == 1 else ""
        axes.plot(
            epochs, history["train_rmse"], color=ORANGE, linestyle="--", marker=marker, alpha=0.85
        )
        axes.plot(epochs, validation, color=BLUE, marker=marker, alpha=0.85)
        if np.isfinite(validation).any():
            best = int(np.nanargmin(validation))
            axes.plot(epochs[best], validation[best], "o", color=BLUE, mec="white", ms=8, zorder=3)
            best_rmse.append(validation[best])
            best_epochs.append(int(epochs[best]))
    axes.set_title(shorten(model, 30), pad=20)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    axes.set_xlabel("epoch")
    say_above(axes, _best_in_words(best_rmse, best_epochs))


def _best_in_words(rmse: Sequence[float], epochs: Sequence[int]) -> str:
    if not rmse:
        return "no finite validation RMSE"
    first, last = min(epochs), max(epochs)
    when = f"epoch {first}" if first == last else f"epochs {first} to {last}"
    return f"best: {np.mean(rmse):.3f} at {when}"


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], color=ORANGE, linestyle="--", label="training"),
        Line2D([], [], color=BLUE, label="validation"),
        Line2D(
            [],
            [],
            color=BLUE,
            marker="o",
            mec="white",
            ms=8,
            linestyle="",
            label="best epoch of each seed, kept",
        ),
    ]
