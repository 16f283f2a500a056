"""Which models a figure of many draws in full; the others stand back, pale."""

from collections.abc import Mapping
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from blendmf.report.figures.stratum_bins import PALE
from blendmf.report.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LINES,
    PURPLE,
    VERMILLION,
    Series,
    shorten,
)

KINDS = {
    "mf-content": Series(VERMILLION, "o", LINES[0]),
    "mf": Series(BLUE, "s", LINES[0]),
    "content": Series(GREEN, "^", LINES[1]),
    "bias": Series(BLACK, "D", LINES[3]),
}
"""Kinds of the models that the question is about, and how they are drawn in every figure."""

OTHER = Series(GREY, "o", LINES[0])
"""How every other model is drawn where a name stands beside it."""

BEST_RANKER = Series(PURPLE, "v", LINES[2])

CHARACTERS = 115
"""Length of a line of small text over the whole width of a figure."""

LINE_HEIGHT = 13.0
"""Distance between lines of small text in points."""


def styles_by_kind(kinds: Mapping[str, str]) -> dict[str, Series]:
    """Style of each model by its kind, for figures in which its name stands beside it."""
    return {name: KINDS.get(kind, OTHER) for name, kind in kinds.items()}


def highlighted(strata: pd.DataFrame, kinds: Mapping[str, str]) -> dict[str, Series]:
    """Models worth a colour, and their styles.

    These are the best one by RMSE of each kind in `KINDS`, and the best one by NDCG of the full
    lists.

    Parameters
    ----------
    strata : DataFrame
        As ``comparison/strata.csv`` has it.
    kinds : mapping of str to str
        Kind of each model.
    """
    errors = _overall(strata, "rmse", "n_ratings").dropna().sort_values(kind="stable")
    chosen: dict[str, Series] = {}
    for kind, style in KINDS.items():
        best = [str(name) for name in errors.index if kinds[str(name)] == kind]
        chosen |= dict.fromkeys(best[:1], style)
    gains = _overall(strata, "full_ndcg_at_k", "n_full_users").dropna()
    if len(gains):
        chosen.setdefault(str(gains.idxmax()), BEST_RANKER)
    return chosen


def _overall(strata: pd.DataFrame, value: str, weight: str) -> pd.Series:
    """Mean of each model over all ratings or users, the square root of that of squared errors."""
    rows = strata[(strata["stratum"] == "user-history") & (strata[weight] > 0)]
    power = 2 if value == "rmse" else 1
    weighted = (rows[value] ** power * rows[weight]).groupby(rows["model"], sort=False)
    mean = weighted.sum(min_count=1) / rows.groupby("model", sort=False)[weight].sum()
    return mean ** (1 / power)


def draw_pale(axes: Axes, values: pd.DataFrame) -> None:
    """Draw a thin grey line for each row, over the places 0, 1, 2... of the columns."""
    for _, row in values.iterrows():
        axes.plot(np.arange(len(row)), row, color=PALE, linewidth=1.1, zorder=1.5)


def draw_front(axes: Axes, places: ArrayLike, values: ArrayLike, style: Series) -> None:
    """Draw the line of a highlighted model, a mark at each value."""
    axes.plot(
        places,
        values,
        color=style.colour,
        marker=style.marker,
        linestyle=style.line,
        linewidth=1.5,
        mec="white",
        mew=0.6,
        ms=7.0,
    )


def tell_others(behind: pd.DataFrame, off: pd.DataFrame) -> str:
    """Say which models are pale, and which are far off and not drawn; one row each, as `by_bin`."""
    parts = []
    if len(behind):
        parts.append(f"pale: {', '.join(shorten(str(name)) for name in behind.index)}")
    if len(off):
        means = off.mean(axis=1).sort_values()
        named = [f"{shorten(str(name))} ({mean:.2f})" for name, mean in means.items()]
        parts.append(f"errors far above, not drawn (mean of the bins): {', '.join(named)}")
    return "\n".join(fill(part, CHARACTERS) for part in parts)


def pad_for(text: str) -> float:
    """Distance in points of a title from its panel that leaves room for lines between them."""
    return 9.0 + LINE_HEIGHT * len(text.splitlines())
