"""Panels with the bins of a stratum as x = 0, 1, 2...; a few models in colour, the others pale."""

from collections.abc import Mapping
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from blendmf.report.figures.style import (
    KIND_STYLES,
    LINES,
    PURPLE,
    SMALL,
    Series,
    label_ends,
    shorten,
)

PALE = "#BDBDBD"
BEST_RANKER = Series(PURPLE, "v", LINES[2])

FEW_USERS = 10
"""Bins of fewer users have no point."""

NOTHING = f"No model has this metric, or no bin has {FEW_USERS} users."

CHARACTERS = 115
"""Length of a line of small text over the whole width of a figure."""


def by_bin(strata: pd.DataFrame, stratum: str, value: str) -> pd.DataFrame:
    """One row per model that has the value, one column per non-empty bin of the stratum.

    NaN in bins of few users, whose values depend more on these users than on the model.
    """
    rows = strata[(strata["stratum"] == stratum) & (strata["n_ratings"] > 0)]
    rows = rows.sort_values("lower", kind="stable")
    known = rows[rows["n_users"] >= FEW_USERS]
    table = known.pivot_table(value, "model", "bin", sort=False)
    models = [name for name in strata["model"].drop_duplicates() if name in table.index]
    return table.reindex(index=models, columns=rows["bin"].drop_duplicates())


def highlighted(strata: pd.DataFrame, kinds: Mapping[str, str]) -> dict[str, Series]:
    """Models to be drawn in colour, and their styles.

    These are the best model by RMSE of each kind in `KIND_STYLES` and the best one by NDCG of the
    full lists.

    Parameters
    ----------
    strata : DataFrame
        The table ``comparison/strata.csv``.
    kinds : mapping of str to str
        Kind of each model.
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
    """Each model's mean over all ratings or users; for RMSE the root of the mean square."""
    rows = strata[(strata["stratum"] == "user-history") & (strata[weight] > 0)]
    power = 2 if value == "rmse" else 1
    weighted = (rows[value] ** power * rows[weight]).groupby(rows["model"], sort=False)
    mean = weighted.sum(min_count=1) / rows.groupby("model", sort=False)[weight].sum()
    return mean ** (1 / power)


def draw_pale(axes: Axes, values: pd.DataFrame) -> None:
    """Draw a thin grey line for each row."""
    for _, row in values.iterrows():
        axes.plot(np.arange(len(row)), row, color=PALE, linewidth=1.1, zorder=1.5)


def draw_front(axes: Axes, x: ArrayLike, values: ArrayLike, style: Series) -> None:
    """Draw the line of a highlighted model, with a mark at each value."""
    (line,) = axes.plot(x, values, color=style.colour, marker=style.marker, linestyle=style.line)
    line.set(linewidth=1.5, mec="white", mew=0.6, ms=7.0)


def label_models(axes: Axes, table: pd.DataFrame, styles: Mapping[str, Series]) -> None:
    """Write the names of the highlighted models next to their last values."""
    last = table.ffill(axis=1).iloc[:, -1].dropna()
    label_ends(axes, [(last[name], shorten(name), styles[name]) for name in styles if name in last])


def draw_sizes(axes: Axes, strata: pd.DataFrame, stratum: str, most_names: int) -> None:
    """Draw the number of test ratings of each non-empty bin, and name the bins.

    With more than `most_names` bins, only some are named and an axis replaces the numbers.
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


def name_others(pale: pd.DataFrame, off_axis: pd.DataFrame) -> str:
    """Text that names the pale models and those off the axis, one row each as in `by_bin`."""
    parts = []
    if len(pale):
        parts.append(f"pale: {', '.join(shorten(str(name)) for name in pale.index)}")
    if len(off_axis):
        means = off_axis.mean(axis=1).sort_values()
        named = [f"{shorten(str(name))} ({mean:.2f})" for name, mean in means.items()]
        parts.append(f"errors far above, not drawn (mean of the bins): {', '.join(named)}")
    return "\n".join(fill(part, CHARACTERS) for part in parts)
