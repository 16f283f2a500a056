"""Figure of the rating values in each part and of the items' long tail."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from blendmf.report.figures.style import (
    SMALL,
    make_log,
    new_figure,
    panel_row,
    shared_look,
)
from blendmf.report.palette import BLUE, ORANGE, SKY

PART_FILLS = {"training": (BLUE, ""), "validation": (ORANGE, "////"), "test": (SKY, "")}
MOST_BARS = 12
TOP_SHARE = 0.2
CURVE_POINTS = 300
TITLE_PAD = 40
"""Points between a title and its panel, for a legend of two lines."""


@shared_look()
def plot_ratings(
    train: pd.DataFrame, validation: pd.DataFrame, test: pd.DataFrame, narrow: bool = False
) -> Figure:
    """Distribution of the rating values by part, and number of ratings by the item's rank.

    The parts have the columns `item_id` and `rating`.
    """
    parts = (train, validation, test)
    figure = new_figure(7.6 if narrow else 3.9, narrow)
    values, tail = panel_row(figure, 2, narrow)
    _draw_values(values, [part["rating"].to_numpy() for part in parts])
    _draw_tail(tail, item_counts(parts))
    return figure


def item_counts(parts: Sequence[pd.DataFrame]) -> NDArray[np.int64]:
    """Number of ratings of each item in all parts, descending."""
    counts: NDArray[np.int64] = (
        pd.concat([part["item_id"] for part in parts]).value_counts().to_numpy()
    )
    return counts


def share_of_top_items(counts: NDArray[np.int64]) -> tuple[int, float]:
    """Number of the most rated items, `TOP_SHARE` of all, and their share of the ratings."""
    n_top = int(np.ceil(TOP_SHARE * len(counts)))
    return n_top, float(counts[:n_top].sum() / counts.sum())


def rating_shares(ratings: NDArray[np.float32]) -> pd.Series:
    """Share of each rating value; empty if there are too many values for a bar each."""
    shares = pd.Series(ratings).value_counts(normalize=True)
    return shares if len(shares) <= MOST_BARS else shares[:0]


def _draw_values(axes: Axes, parts: list[NDArray[np.float32]]) -> None:
    centres: NDArray[np.floating[Any]] = np.unique(np.concatenate(parts))
    binned = len(centres) > MOST_BARS
    if binned:
        edges = np.linspace(centres[0], centres[-1], MOST_BARS + 1)
        centres = (edges[:-1] + edges[1:]) / 2
    step = float(np.diff(centres).min()) if len(centres) > 1 else 1.0
    edges = np.concatenate([centres - step / 2, centres[-1:] + step / 2])
    width = step * 0.8 / len(parts)
    for n, (ratings, (part, fill)) in enumerate(zip(parts, PART_FILLS.items(), strict=True)):
        axes.bar(
            centres + (n - 1) * width,
            np.histogram(ratings, edges)[0] / max(len(ratings), 1),
            width * 0.92,
            color=fill[0],
            hatch=fill[1],
            edgecolor="white",
            linewidth=0.0,
            label=f"{part}\n{len(ratings):,}",
        )
    axes.set_title("Rating values", pad=TITLE_PAD)
    axes.set(xlabel="rating", ylabel="share of the part's ratings")
    if not binned:
        axes.set_xticks(centres, [f"{centre:g}" for centre in centres])
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(visible=False, axis="x")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.98), ncols=3, handlelength=1.4)


def _draw_tail(axes: Axes, counts: NDArray[np.int64]) -> None:
    n_items = len(counts)
    n_top, top_share = share_of_top_items(counts)
    ranks = np.unique(np.geomspace(1, n_items, CURVE_POINTS).round().astype(int))
    make_log(axes, "x", "y")
    axes.plot(ranks, counts[ranks - 1], color=BLUE)
    axes.axvspan(0.9, n_top, color=BLUE, alpha=0.08, linewidth=0)
    axes.set(xlim=(0.9, n_items * 1.15), ylim=(0.8, counts[0] * 1.6))
    top = f"top {TOP_SHARE:.0%} of the items ({n_top:,})\nhold {top_share:.0%} of the ratings"
    axes.text(0.04, 0.05, top, transform=axes.transAxes, fontsize=SMALL)
    axes.set_title("Long tail of the items", pad=TITLE_PAD)
    axes.set(
        xlabel="rank of the item by number of ratings", ylabel="ratings of the item, all parts"
    )
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:,.0f}")
