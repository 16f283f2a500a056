"""Figure: updates per second of the engines by variant, size and number of threads."""

import pandas as pd
from matplotlib.figure import Figure

from blendmf.report.figures.style import make_log, new_figure, series_styles, shared_look

ROW_HEIGHT = 0.27
MARGINS = 1.1


@shared_look()
def plot_engine_speed(table: pd.DataFrame) -> Figure:
    """One row per engine, variant, size and number of factors; one point per number of threads.

    Columns: `engine, variant, threads, ratings, latent_dim, updates_per_second`.
    """
    threads = [f"{n} thread{'s' if n > 1 else ''}" for n in table["threads"]]
    rows = [
        f"{row.engine}, {row.variant}, {row.ratings:,} ratings, d={row.latent_dim}"
        for row in table.itertuples()
    ]
    place = {name: k for k, name in enumerate(dict.fromkeys(rows))}
    figure = new_figure(MARGINS + ROW_HEIGHT * len(place))
    axes = figure.subplots()
    speed = table["updates_per_second"] / 1e6
    for name, style in series_styles(threads).items():
        own = [k for k, label in enumerate(threads) if label == name]
        axes.plot(
            speed.iloc[own],
            [place[rows[k]] for k in own],
            style.marker,
            color=style.colour,
            label=name,
        )
    axes.set_yticks(range(len(place)), list(place))
    axes.invert_yaxis()
    make_log(axes, "x", ticks=(1, 2, 5))
    axes.set_xlabel("million updates per second")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure
