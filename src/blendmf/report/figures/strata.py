"""How rating errors and lists depend on the user's history and on the year of the rating."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from blendmf.report.figures.axis_limits import close_to_best, padded
from blendmf.report.figures.highlights import draw_front, draw_pale, highlighted, tell_others
from blendmf.report.figures.stratum_bins import NOTHING, by_bin, draw_sizes
from blendmf.report.figures.style import (
    SMALL,
    Series,
    label_ends,
    new_figure,
    say_empty,
    shared_look,
    shorten,
)

STRATA = {"user-history": "training ratings of the user", "year": "year of the rating"}
"""Strata of the figure, a column each, and what their bins are."""

MOST_NAMES = 8
"""As many bins can be named side by side in a column."""


@shared_look()
def plot_strata(strata: pd.DataFrame, kinds: Mapping[str, str], k: int) -> Figure:
    """Test RMSE and NDCG of the full lists by user history and, with timestamps, by year.

    The models that the question is about, and the one with the best lists, have a colour; the
    others are pale, or, where their error is far off, not among the errors.

    Parameters
    ----------
    strata : DataFrame
        `model`, `stratum`, `bin`, `lower`, `n_ratings`, `n_users`, `n_full_users`,
        `full_ndcg_at_k`, and `rmse` (NaN where a model predicts no ratings).
    kinds : mapping of str to str
        Kind of each model.
    k : int
        Length of the ranked lists.
    """
    columns = [name for name in STRATA if (strata["stratum"] == name).any()]
    figure = new_figure(7.2)
    panels = figure.subplots(3, len(columns), squeeze=False, sharex="col", height_ratios=[3, 3, 1])
    styles = highlighted(strata, kinds)
    errors = [by_bin(strata, name, "rmse") for name in columns]
    gains = [by_bin(strata, name, "full_ndcg_at_k") for name in columns]
    drawn = close_to_best(errors[0].mean(axis=1)) | errors[0].index.isin(list(styles))
    _draw_row(panels[0], [table.reindex(errors[0].index[drawn]) for table in errors], styles)
    _draw_row(panels[1], gains, styles)
    for axes, name in zip(panels[2], columns, strict=True):
        draw_sizes(axes, strata, name, MOST_NAMES)
        axes.set_xlabel(STRATA[name])
    labels = ("test RMSE (rating points)", f"NDCG@{k}, full protocol", "test ratings")
    for axes, label in zip(panels[:, 0], labels, strict=True):
        axes.set_ylabel(label)
    panels[0, 0].set_title("Errors and lists by stratum")
    behind = gains[0].drop(index=list(styles), errors="ignore")
    told = tell_others(behind, errors[0][~drawn])
    figure.supxlabel(told, x=0.01, ha="left", fontsize=SMALL)
    return figure


def _draw_row(
    panels: Sequence[Axes], tables: list[pd.DataFrame], styles: Mapping[str, Series]
) -> None:
    """Draw one metric by each stratum, all on one scale; the last panel has the names."""
    values = np.concatenate([table.to_numpy().ravel() for table in tables])
    if not np.isfinite(values).any():
        for axes in panels:
            say_empty(axes, NOTHING)
        return
    for axes, table in zip(panels, tables, strict=True):
        front = [name for name in styles if name in table.index]
        draw_pale(axes, table.drop(index=front))
        for name in front:
            draw_front(axes, np.arange(table.shape[1]), table.loc[name], styles[name])
        axes.set_ylim(*padded(float(np.nanmin(values)), float(np.nanmax(values))))
        axes.grid(visible=False, axis="x")
    for axes in panels[1:]:
        axes.tick_params(labelleft=False)
    last = tables[-1].ffill(axis=1).iloc[:, -1].dropna()
    ends = [(float(last[name]), shorten(name), styles[name]) for name in styles if name in last]
    label_ends(panels[-1], ends)
