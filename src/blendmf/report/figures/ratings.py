"""What the ratings look like: their values in each part, and the long tail of the items."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from blendmf.report.figures.style import (
    BLUE,
    ORANGE,
    SKY,
    SMALL,
    make_log,
    new_figure,
    shared_look,
)

MOST_BARS = 12
TOP_SHARE = 0.2
CURVE_POINTS = 300
TITLE_PAD = 40
"""Room in points between a title and its panel, for a legend of two lines."""


@shared_look()
def plot_ratings(train: pd.DataFrame, validation: pd.DataFrame, test: pd.DataFrame) -> Figure:
    """Distribution of the rating values by part, and ratings per item by the item's rank.

    Parameters
    ----------
    train, validation, test : DataFrame
        The parts of the split, with `item_id` and `rating`.
    """
    parts = {"training": train, "validation": validation, "test": test}
    figure = new_figure(3.9)
    values, tail = figure.subplots(1, 2)
    _draw_values(values, {part: table["rating"].to_numpy() for part, table in parts.items()})
    counts = pd.concat([table["item_id"] for table in parts.values()]).value_counts().to_numpy()
    _draw_tail(tail, counts)
    return figure


def _draw_values(axes: Axes, ratings: dict[str, NDArray[np.float32]]) -> None:
    everything = np.concatenate(list(ratings.values()))
    centres = np.unique(everything)
    binned = len(centres) > MOST_BARS
    if binned:
        edges = np.linspace(centres[0], centres[-1], MOST_BARS + 1)
        centres = (edges[:-1] + edges[1:]) / 2
    step = float(np.diff(centres).min()) if len(centres) > 1 else 1.0
    edges = np.concatenate([centres - step / 2, centres[-1:] + step / 2])
    width = step * 0.8 / len(ratings)
    fills = zip((BLUE, ORANGE, SKY), ("", "////", ""), strict=True)
    for place, ((part, part_ratings), (colour, hatch)) in enumerate(
        zip(ratings.items(), fills, strict=True)
    ):
        counts = np.histogram(part_ratings, edges)[0]
        axes.bar(
            centres + (place - 1) * width,
            counts / max(len(part_ratings), 1),
            width * 0.92,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.0,
            label=f"{part}\n{len(part_ratings):,}",
        )
    axes.set_title("Rating values", pad=TITLE_PAD)
    axes.set_xlabel("rating")
    axes.set_ylabel("share of the part's ratings")
    if not binned:
        axes.set_xticks(centres, [f"{centre:g}" for centre in centres])
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(visible=False, axis="x")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.98), ncols=3, handlelength=1.4)


def _draw_tail(axes: Axes, counts: NDArray[np.int64]) -> None:
    n_items = len(counts)
    n_top = int(np.ceil(TOP_SHARE * n_items))
    top_share = counts[:n_top].sum() / counts.sum()
    ranks = np.unique(np.geomspace(1, n_items, CURVE_POINTS).round().astype(int))
    make_log(axes, "x", "y")
    axes.plot(ranks, counts[ranks - 1], color=BLUE)
    axes.axvspan(0.9, n_top, color=BLUE, alpha=0.08, linewidth=0)
    axes.set_xlim(0.9, n_items * 1.15)
    axes.set_ylim(0.8, counts[0] * 1.6)
    axes.text(
        0.04,
        0.05,
        f"top {TOP_SHARE:.0%} of the items ({n_top:,})\nhold {top_share:.0%} of the ratings",
        transform=axes.transAxes,
        fontsize=SMALL,
    )
    axes.set_title("Long tail of the items", pad=TITLE_PAD)
    axes.set_xlabel("rank of the item by number of ratings")
    axes.set_ylabel("ratings of the item, all parts")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:,.0f}")
