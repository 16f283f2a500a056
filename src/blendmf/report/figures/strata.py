"""Figures of errors and ranked lists by item popularity, user history and year.

A stratum divides the test ratings into bins by one of these properties. Its bins are drawn at
x = 0, 1, 2, ... A few models are highlighted; the others are pale.
"""

from collections.abc import Mapping, Sequence
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from blendmf.report.figures.style import (
    KIND_STYLES,
    LINE_HEIGHT,
    LINES,
    SMALL,
    Series,
    close_to_best,
    is_narrow,
    label_ends,
    new_figure,
    padded,
    shared_look,
    shorten,
    show_message,
    subtitle,
)
from blendmf.report.palette import PALE, PURPLE

STRATA = {"user-history": "training ratings of the user", "year": "year of the rating"}
"""Strata that `plot_strata` draws, one column of panels each, and their x-axis labels."""

DODGE = 0.45
"""Horizontal spread of the models within a bin, relative to the distance between bins."""

BEST_RANKER = Series(PURPLE, "v", LINES[2])

FEW_USERS = 10
"""Minimum number of users in a bin; the values of smaller bins are not drawn."""

NOTHING = f"No model has this metric, or no bin has {FEW_USERS} users."

CHARACTERS, NARROW_CHARACTERS = 115, 44
"""Maximum length of a line of small text that spans the figure."""

NARROW_NAME = 14
"""Maximum length of a model's name next to its line in a narrow figure."""


@shared_look()
def plot_cold_start(strata: pd.DataFrame, kinds: Mapping[str, str], narrow: bool = False) -> Figure:
    """Plot test RMSE by the item's number of training ratings, above a bar chart of bin sizes.

    Highlighted models have a colour and 95 % intervals over users. The other models are pale. Pale
    models with far higher errors are not drawn, but named above the panel.

    `strata` has one row per model, stratum and bin, with the columns `model`, `stratum`, `bin`,
    `lower`, `n_ratings`, `n_users`, `n_full_users`, `full_ndcg_at_k`, and `rmse`, `rmse_low`,
    `rmse_high` (NaN if a model predicts no ratings).
    """
    figure = new_figure(5.8, narrow)
    error, size = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    errors = by_bin(strata, "cold-start", "rmse")
    _draw_sizes(size, strata, "cold-start", most_names=5 if narrow else 16)
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
    _draw_pale(error, others[near])
    # Shift the models horizontally, so that their intervals do not overlap.
    shifts = np.linspace(-DODGE / 2, DODGE / 2, len(front)) if len(front) > 1 else [0.0]
    for shift, name in zip(shifts, front, strict=True):
        x, colour = np.arange(errors.shape[1]) + shift, styles[name].colour
        error.vlines(x, low.loc[name], high.loc[name], colour, linewidth=1.0, alpha=0.55)
        _draw_front(error, x, errors.loc[name], styles[name])
    error.set_ylabel("test RMSE (rating points)")
    error.grid(visible=False, axis="x")
    _fit_y_axis([error], [errors.loc[front], others[near], low, high])
    named = _name_others(others[near], others[~near], narrow)
    pad = 9.0 + LINE_HEIGHT * len(named.splitlines())
    error.set_title("Error by training ratings of the item", pad=pad)
    subtitle(error, named)
    _label_models(error, errors.loc[front], styles)
    return figure


@shared_look()
def plot_strata(
    strata: pd.DataFrame, kinds: Mapping[str, str], k: int, narrow: bool = False
) -> Figure:
    """Plot test RMSE and full-protocol NDCG by user history and, with timestamps, by year.

    Highlighted models have a colour; the others are pale. Pale models with far higher errors appear
    only in the NDCG panels. `strata` is as in `plot_cold_start`, without need of the intervals; `k`
    is the length of the ranked lists.
    """
    columns = [name for name in STRATA if (strata["stratum"] == name).any()]
    n_columns = 1 if narrow else len(columns)
    blocks = len(columns) // n_columns
    figure = new_figure(7.2 * blocks, narrow)
    grid = figure.subplots(3 * blocks, n_columns, squeeze=False, height_ratios=[3, 3, 1] * blocks)
    panels = grid.reshape(-1, 3).T if narrow else grid
    for error, gain, size in panels.T:
        for axes in (error, gain):
            axes.sharex(size)
            axes.tick_params(labelbottom=False)
    styles = highlighted(strata, kinds)
    errors = [by_bin(strata, name, "rmse") for name in columns]
    gains = [by_bin(strata, name, "full_ndcg_at_k") for name in columns]
    drawn = close_to_best(errors[0].mean(axis=1)) | errors[0].index.isin(list(styles))
    _draw_metric(panels[0], [table.reindex(errors[0].index[drawn]) for table in errors], styles)
    _draw_metric(panels[1], gains, styles)
    for axes, name in zip(panels[2], columns, strict=True):
        _draw_sizes(axes, strata, name, most_names=5 if narrow else 8)
        axes.set_xlabel(STRATA[name])
    labels = ("test RMSE (rating points)", f"NDCG@{k}, full protocol", "test ratings")
    for row, label in zip(panels, labels, strict=True):
        for axes in row if narrow else row[:1]:
            axes.set_ylabel(label)
    panels[0, 0].set_title("Errors and lists by stratum")
    pale = gains[0].drop(index=list(styles), errors="ignore")
    named = _name_others(pale, errors[0][~drawn], narrow)
    figure.supxlabel(named, x=0.01, ha="left", fontsize=SMALL)
    return figure


def _draw_metric(
    panels: Sequence[Axes], tables: Sequence[pd.DataFrame], styles: Mapping[str, Series]
) -> None:
    """Draw one metric, one panel per stratum, with the same y limits; label the last panel."""
    if not any(table.notna().any(axis=None) for table in tables):
        for axes in panels:
            show_message(axes, NOTHING)
        return
    for axes, table in zip(panels, tables, strict=True):
        front = [name for name in styles if name in table.index]
        _draw_pale(axes, table.drop(index=front))
        for name in front:
            _draw_front(axes, np.arange(table.shape[1]), table.loc[name], styles[name])
        axes.grid(visible=False, axis="x")
    _fit_y_axis(panels, tables)
    narrow = is_narrow(panels[0])
    for axes in [] if narrow else panels[1:]:
        axes.tick_params(labelleft=False)
    for axes, table in list(zip(panels, tables, strict=True))[0 if narrow else -1 :]:
        _label_models(axes, table, styles)


def _fit_y_axis(panels: Sequence[Axes], tables: Sequence[pd.DataFrame]) -> None:
    """Give all panels the same y limits, which cover every value of the tables."""
    values = np.concatenate([table.to_numpy().ravel() for table in tables])
    for axes in panels:
        axes.set_ylim(*padded(float(np.nanmin(values)), float(np.nanmax(values))))


def by_bin(strata: pd.DataFrame, stratum: str, value: str) -> pd.DataFrame:
    """Table of one value: a row per model that has it, a column per non-empty bin.

    Bins with fewer than `FEW_USERS` users are NaN, since their values depend more on these users
    than on the model.
    """
    rows = strata[(strata["stratum"] == stratum) & (strata["n_ratings"] > 0)]
    rows = rows.sort_values("lower", kind="stable")
    known = rows[rows["n_users"] >= FEW_USERS]
    table = known.pivot_table(value, "model", "bin", sort=False)
    models = [name for name in strata["model"].drop_duplicates() if name in table.index]
    return table.reindex(index=models, columns=rows["bin"].drop_duplicates())


def highlighted(strata: pd.DataFrame, kinds: Mapping[str, str]) -> dict[str, Series]:
    """Select the models to highlight, and their styles, from ``comparison/strata.csv``.

    These are the model with the lowest RMSE of each kind in `KIND_STYLES`, and the model with the
    highest full-protocol NDCG.
    """
    errors = _overall(strata, "rmse", "n_ratings").dropna().sort_values(kind="stable")
    chosen: dict[str, Series] = {}
    for kind, style in KIND_STYLES.items():
        best = [str(name) for name in errors.index if kinds[str(name)] == kind]
        chosen |= dict.fromkeys(best[:1], style)
    gains = _overall(strata, "full_ndcg_at_k", "n_full_users").dropna()
    if len(gains):
        chosen.setdefault(str(gains.idxmax()), BEST_RANKER)
    return chosen


def _overall(strata: pd.DataFrame, value: str, weight: str) -> pd.Series:
    """Mean over each model's bins, weighted by the column `weight`; for RMSE, root mean square."""
    rows = strata[(strata["stratum"] == "user-history") & (strata[weight] > 0)]
    power = 2 if value == "rmse" else 1
    weighted = (rows[value] ** power * rows[weight]).groupby(rows["model"], sort=False)
    mean = weighted.sum(min_count=1) / rows.groupby("model", sort=False)[weight].sum()
    return mean ** (1 / power)


def _draw_pale(axes: Axes, values: pd.DataFrame) -> None:
    """Draw a thin grey line for each row."""
    for _, row in values.iterrows():
        axes.plot(np.arange(len(row)), row, color=PALE, linewidth=1.1, zorder=1.5)


def _draw_front(axes: Axes, x: ArrayLike, values: ArrayLike, style: Series) -> None:
    """Draw the line of a highlighted model, with a marker at each value."""
    axes.plot(x, values, **style.look, linewidth=1.5, mec="white", mew=0.6, ms=7.0)


def _label_models(axes: Axes, table: pd.DataFrame, styles: Mapping[str, Series]) -> None:
    """Write the names of the highlighted models next to their last values."""
    last = table.ffill(axis=1).iloc[:, -1].dropna()
    length = NARROW_NAME if is_narrow(axes) else 26
    ends = [(last[name], shorten(name, length), styles[name]) for name in styles if name in last]
    label_ends(axes, ends)


def _draw_sizes(axes: Axes, strata: pd.DataFrame, stratum: str, most_names: int) -> None:
    """Draw the number of test ratings of each non-empty bin, and name the bins.

    With more than `most_names` bins, only some bins are named, and a y axis replaces the number on
    each bar.
    """
    rows = strata[(strata["stratum"] == stratum) & (strata["n_ratings"] > 0)]
    bins = rows.sort_values("lower", kind="stable").drop_duplicates("bin")
    x = np.arange(len(bins))
    bars = axes.bar(x, bins["n_ratings"], color=PALE, width=0.6)
    step = max(1, -(-len(bins) // most_names))
    axes.set_xticks(x[::step], bins["bin"].iloc[::step])
    axes.grid(visible=False)
    if step == 1:
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=SMALL, padding=2)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.margins(y=0.35)
    else:
        axes.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        axes.yaxis.set_major_formatter("{x:,.0f}")


def _name_others(pale: pd.DataFrame, off_axis: pd.DataFrame, narrow: bool) -> str:
    """Caption that names the pale models and those not drawn, from tables as of `by_bin`."""
    parts = []
    if len(pale):
        parts.append(f"pale: {', '.join(shorten(str(name)) for name in pale.index)}")
    if len(off_axis):
        means = off_axis.mean(axis=1).sort_values()
        named = [f"{shorten(str(name))} ({mean:.2f})" for name, mean in means.items()]
        parts.append(f"errors far above, not drawn (mean of the bins): {', '.join(named)}")
    characters = NARROW_CHARACTERS if narrow else CHARACTERS
    return "\n".join(fill(part, characters) for part in parts)
