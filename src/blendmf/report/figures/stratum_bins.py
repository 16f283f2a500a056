"""The bins of a stratum as the places 0, 1, 2... of a panel."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from blendmf.report.figures.style import SMALL

PALE = "#BDBDBD"

FEW_USERS = 10
"""A bin of fewer users has no point."""

NOTHING = f"No model has this metric, or no bin has {FEW_USERS} users."


def by_bin(strata: pd.DataFrame, stratum: str, value: str) -> pd.DataFrame:
    """One row per model that has the value, one column per bin of the stratum that is not empty.

    NaN in bins of few users, whose values would be theirs more than the models'.
    """
    rows = strata[(strata["stratum"] == stratum) & (strata["n_ratings"] > 0)]
    rows = rows.sort_values("lower", kind="stable")
    known = rows[rows["n_users"] >= FEW_USERS]
    table = known.pivot_table(value, "model", "bin", sort=False)
    models = [name for name in strata["model"].drop_duplicates() if name in table.index]
    return table.reindex(index=models, columns=rows["bin"].drop_duplicates())


def draw_sizes(axes: Axes, strata: pd.DataFrame, stratum: str, most_names: int) -> None:
    """Draw the number of test ratings of each bin that is not empty, and name the bins.

    With more than `most_names` bins only some have a name, and an axis stands for the numbers.
    """
    rows = strata[(strata["stratum"] == stratum) & (strata["n_ratings"] > 0)]
    bins = rows.sort_values("lower", kind="stable").drop_duplicates("bin")
    places = np.arange(len(bins))
    bars = axes.bar(places, bins["n_ratings"], color=PALE, width=0.6)
    step = max(1, -(-len(bins) // most_names))
    axes.set_xticks(places[::step], bins["bin"].iloc[::step])
    axes.grid(visible=False)
    if step == 1:
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=SMALL, padding=2)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.margins(y=0.35)
    else:
        axes.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        axes.yaxis.set_major_formatter("{x:,.0f}")
