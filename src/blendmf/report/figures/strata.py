"""Figures of errors and ranked lists by item popularity, user history and year."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from blendmf.report.figures.stratum_panels import (
    NOTHING,
    by_bin,
    draw_front,
    draw_pale,
    draw_sizes,
    highlighted,
    label_models,
    name_others,
)
from blendmf.report.figures.style import (
    SMALL,
    Series,
    close_to_best,
    new_figure,
    padded,
    shared_look,
    show_message,
    subtitle,
)

STRATA = {"user-history": "training ratings of the user", "year": "year of the rating"}
"""Strata of `plot_strata`, one column each, with the label of their bins."""

DODGE = 0.45
"""Width over which the models of one bin are spread, in distances between bins."""

LINE_HEIGHT = 13.0
"""Distance between lines of small text in points."""


@shared_look()
def plot_cold_start(strata: pd.DataFrame, kinds: Mapping[str, str]) -> Figure:
    """Test RMSE of each model by the item's number of training ratings, above the bins' sizes.

    The highlighted models have a colour and 95 % intervals over users. The others are pale; those
    whose error is far higher are named above the panel and not drawn.

    Parameters
    ----------
    strata : DataFrame
        `model`, `stratum`, `bin`, `lower`, `n_ratings`, `n_users`, `n_full_users`,
        `full_ndcg_at_k`, and `rmse`, `rmse_low`, `rmse_high` (NaN if a model predicts no ratings).
    kinds : mapping of str to str
        Kind of each model.
    """
    figure = new_figure(5.8)
    error, size = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    errors = by_bin(strata, "cold-start", "rmse")
    draw_sizes(size, strata, "cold-start", most_names=16)
    size.set(xlabel="training ratings of the item", ylabel="test ratings")
    if errors.empty:
        show_message(error, NOTHING)
        return figure
    styles = highlighted(strata, kinds)
    front = [name for name in styles if name in errors.index]
    others = errors.drop(index=front)
    near = close_to_best(errors.mean(axis=1))[errors.index.isin(others.index)]
    low, high = (
        by_bin(strata, "cold-start", f"rmse_{end}").reindex(front) for end in ("low", "high")
    )
    draw_pale(error, others[near])
    # Each model is shifted a little, so that no interval hides another.
    shifts = np.linspace(-DODGE / 2, DODGE / 2, len(front)) if len(front) > 1 else [0.0]
    for shift, name in zip(shifts, front, strict=True):
        x, colour = np.arange(errors.shape[1]) + shift, styles[name].colour
        error.vlines(x, low.loc[name], high.loc[name], colour, linewidth=1.0, alpha=0.55)
        draw_front(error, x, errors.loc[name], styles[name])
    error.set_ylabel("test RMSE (rating points)")
    error.grid(visible=False, axis="x")
    _fit_y_axis([error], [errors.loc[front], others[near], low, high])
    named = name_others(others[near], others[~near])
    pad = 9.0 + LINE_HEIGHT * len(named.splitlines())
    error.set_title("Error by number of training ratings of the item", pad=pad)
    subtitle(error, named)
    label_models(error, errors.loc[front], styles)
    return figure


@shared_look()
def plot_strata(strata: pd.DataFrame, kinds: Mapping[str, str], k: int) -> Figure:
    """Test RMSE and NDCG of the full lists by user history and, with timestamps, by year.

    The highlighted models have a colour; the others are pale. Models whose error is far higher
    are drawn only among the lists.

    Parameters
    ----------
    strata : DataFrame
        As in `plot_cold_start`, without intervals.
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
    _draw_metric(panels[0], [table.reindex(errors[0].index[drawn]) for table in errors], styles)
    _draw_metric(panels[1], gains, styles)
    for axes, name in zip(panels[2], columns, strict=True):
        draw_sizes(axes, strata, name, most_names=8)
        axes.set_xlabel(STRATA[name])
    labels = ("test RMSE (rating points)", f"NDCG@{k}, full protocol", "test ratings")
    for axes, label in zip(panels[:, 0], labels, strict=True):
        axes.set_ylabel(label)
    panels[0, 0].set_title("Errors and lists by stratum")
    pale = gains[0].drop(index=list(styles), errors="ignore")
    named = name_others(pale, errors[0][~drawn])
    figure.supxlabel(named, x=0.01, ha="left", fontsize=SMALL)
    return figure


def _draw_metric(
    panels: Sequence[Axes], tables: Sequence[pd.DataFrame], styles: Mapping[str, Series]
) -> None:
    """Draw one metric by each stratum, all on one scale; the last panel has the names."""
    if not any(table.notna().any(axis=None) for table in tables):
        for axes in panels:
            show_message(axes, NOTHING)
        return
    for axes, table in zip(panels, tables, strict=True):
        front = [name for name in styles if name in table.index]
        draw_pale(axes, table.drop(index=front))
        for name in front:
            draw_front(axes, np.arange(table.shape[1]), table.loc[name], styles[name])
        axes.grid(visible=False, axis="x")
    _fit_y_axis(panels, tables)
    for axes in panels[1:]:
        axes.tick_params(labelleft=False)
    label_models(panels[-1], tables[-1], styles)


def _fit_y_axis(panels: Sequence[Axes], tables: Sequence[pd.DataFrame]) -> None:
    values = np.concatenate([table.to_numpy().ravel() for table in tables])
    for axes in panels:
        axes.set_ylim(*padded(float(np.nanmin(values)), float(np.nanmax(values))))
