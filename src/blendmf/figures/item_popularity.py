"""How the error depends on how often an item was rated in training."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from blendmf.figures.scale import close_to_best, padded
from blendmf.figures.style import (
    GREY,
    SMALL,
    Series,
    label_ends,
    new_figure,
    say_above,
    say_empty,
    series_styles,
    shared_look,
    shorten,
)

DODGE = 0.5
"""Width over which the models of one bin are spread out, in distances between bins."""


@shared_look()
def plot_item_popularity(strata: pd.DataFrame, stratum: str = "item-popularity") -> Figure:
    """Test RMSE of each model by the item's number of training ratings, above the bins' sizes.

    Models whose error is far off from the others' are named below the panel and not drawn.

    Parameters
    ----------
    strata : DataFrame
        `model`, `stratum`, `bin`, `lower`, `n_ratings`, `rmse` (NaN where a model predicts no
        ratings).
    stratum : str
        The value of `stratum` that stands for the item's number of training ratings.
    """
    styles = series_styles(strata["model"])
    rows = strata[strata["stratum"] == stratum].sort_values("lower", kind="stable")
    bins = rows.drop_duplicates("bin")
    figure = new_figure(5.2)
    error, size = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    _draw_sizes(size, bins)
    by_model = rows.pivot_table("rmse", "model", "bin", sort=False).reindex(columns=bins["bin"])
    if by_model.empty:
        say_empty(error, "No model of this run predicts ratings.")
        return figure
    means = by_model.mean(axis=1)
    shown = close_to_best(means)
    _draw_errors(error, by_model[shown], styles)
    error.set_title("Error by popularity of the item", pad=22)
    say_above(error, _left_out(means[~shown]))
    _label(error, by_model[shown], styles)
    return figure


def _draw_sizes(axes: Axes, bins: pd.DataFrame) -> None:
    bars = axes.bar(np.arange(len(bins)), bins["n_ratings"], color=GREY, width=0.6)
    axes.bar_label(bars, fmt="{:,.0f}", fontsize=SMALL, padding=2)
    axes.set_ylim(0, 1.3 * max(bins["n_ratings"].max(), 1) if len(bins) else 1)
    axes.set_xticks(np.arange(len(bins)), bins["bin"].astype(str))
    axes.grid(visible=False, axis="x")
    axes.set_xlabel("training ratings of the item")
    axes.set_ylabel("test ratings")
    axes.yaxis.set_major_formatter("{x:,.0f}")


def _draw_errors(axes: Axes, by_model: pd.DataFrame, styles: dict[str, Series]) -> None:
    offsets = np.linspace(-DODGE / 2, DODGE / 2, len(by_model)) if len(by_model) > 1 else [0.0]
    places = np.arange(by_model.shape[1])
    for offset, (model, by_bin) in zip(offsets, by_model.iterrows(), strict=True):
        style = styles[str(model)]
        axes.plot(
            places + offset,
            by_bin,
            color=style.colour,
            marker=style.marker,
            linestyle=style.line,
            linewidth=1.2,
            mec="white",
            mew=0.6,
            ms=7.5,
        )
    errors = by_model.to_numpy()
    axes.set_ylim(*padded(float(np.nanmin(errors)), float(np.nanmax(errors))))
    axes.set_ylabel("test RMSE (rating points)")
    axes.grid(visible=False, axis="x")


def _left_out(means: pd.Series) -> str:
    if means.empty:
        return ""
    named = [f"{shorten(str(model))} ({mean:.2f})" for model, mean in means.sort_values().items()]
    return f"far above, not drawn (mean of the bins): {', '.join(named)}"


def _label(axes: Axes, by_model: pd.DataFrame, styles: dict[str, Series]) -> None:
    last = by_model.ffill(axis=1).iloc[:, -1]
    label_ends(
        axes, [(float(y), shorten(str(name)), styles[str(name)]) for name, y in last.items()]
    )
