"""How the error falls with the number of training ratings of the item."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from blendmf.report.figures.axis_limits import close_to_best, padded
from blendmf.report.figures.highlights import (
    draw_front,
    draw_pale,
    highlighted,
    pad_for,
    tell_others,
)
from blendmf.report.figures.stratum_bins import NOTHING, by_bin, draw_sizes
from blendmf.report.figures.style import (
    Series,
    label_ends,
    new_figure,
    say_above,
    say_empty,
    shared_look,
    shorten,
)

STRATUM = "cold-start"

MOST_NAMES = 16
"""As many bins can be named side by side."""

DODGE = 0.45
"""Width over which the models of one bin are spread out, in distances between bins."""


@shared_look()
def plot_cold_start(strata: pd.DataFrame, kinds: Mapping[str, str]) -> Figure:
    """Test RMSE of each model by the item's number of training ratings, above the bins' sizes.

    The models that the question is about have a colour and 95 % intervals over users; the others
    are pale, or, where their error is far off, named above the panel and not drawn.

    Parameters
    ----------
    strata : DataFrame
        `model`, `stratum`, `bin`, `lower`, `n_ratings`, `n_users`, `n_full_users`,
        `full_ndcg_at_k`, and `rmse`, `rmse_low`, `rmse_high` (NaN where a model predicts no
        ratings).
    kinds : mapping of str to str
        Kind of each model.
    """
    figure = new_figure(5.8)
    error, size = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    errors = by_bin(strata, STRATUM, "rmse")
    draw_sizes(size, strata, STRATUM, MOST_NAMES)
    size.set(xlabel="training ratings of the item", ylabel="test ratings")
    if errors.empty:
        say_empty(error, NOTHING)
        return figure
    styles = highlighted(strata, kinds)
    front = [name for name in styles if name in errors.index]
    others = errors.drop(index=front)
    near = close_to_best(errors.mean(axis=1))[errors.index.isin(others.index)]
    low, high = (by_bin(strata, STRATUM, f"rmse_{end}").reindex(front) for end in ("low", "high"))
    draw_pale(error, others[near])
    _draw_intervals(error, errors.loc[front], low, high, styles)
    error.set_ylabel("test RMSE (rating points)")
    error.grid(visible=False, axis="x")
    values = pd.concat([errors.loc[front], others[near], low, high]).to_numpy()
    error.set_ylim(*padded(float(np.nanmin(values)), float(np.nanmax(values))))
    told = tell_others(others[near], others[~near])
    error.set_title("Error by number of training ratings of the item", pad=pad_for(told))
    say_above(error, told)
    last = errors.loc[front].ffill(axis=1).iloc[:, -1]
    label_ends(
        error, [(float(y), shorten(str(name)), styles[str(name)]) for name, y in last.items()]
    )
    return figure


def _draw_intervals(
    axes: Axes,
    errors: pd.DataFrame,
    low: pd.DataFrame,
    high: pd.DataFrame,
    styles: Mapping[str, Series],
) -> None:
    """A line with intervals for each row, set aside a little so that none hides another."""
    offsets = np.linspace(-DODGE / 2, DODGE / 2, len(errors)) if len(errors) > 1 else [0.0]
    for offset, name in zip(offsets, errors.index, strict=True):
        style = styles[name]
        places = np.arange(errors.shape[1]) + offset
        axes.vlines(places, low.loc[name], high.loc[name], style.colour, linewidth=1.0, alpha=0.55)
        draw_front(axes, places, errors.loc[name], style)
