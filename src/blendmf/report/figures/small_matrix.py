"""How the methods on the small matrix come near the best possible error."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from blendmf.report.figures.style import (
    BLACK,
    Series,
    make_log,
    new_figure,
    say_above,
    series_styles,
    shared_look,
    shorten,
)

LEAST_EXCESS = 1e-9
"""Excesses below this are drawn at it: they are rounding, and a logarithm has no zero."""


@shared_look()
def plot_small_matrix(curves: pd.DataFrame, errors: pd.DataFrame) -> Figure:
    """Squared error by iteration, and its excess over the Eckart-Young bound.

    Parameters
    ----------
    curves : DataFrame
        `method`, `iteration` (from 1), `squared_error`; nothing for a method without iterations.
    errors : DataFrame
        `method`, the `squared_error` that it reached, and `bound`, the least squared error that
        any matrix of that rank can have.
    """
    styles = series_styles(curves["method"])
    bounds = errors.set_index("method")["bound"]
    figure = new_figure(4.5)
    error, excess = figure.subplots(1, 2)
    for method, curve in curves.groupby("method", sort=False):
        _draw(error, curve, curve["squared_error"], styles[str(method)])
        above = (curve["squared_error"] - bounds[method]).clip(lower=LEAST_EXCESS)
        _draw(excess, curve, above, styles[str(method)])
    for bound in np.unique(bounds[bounds > 0]):
        error.axhline(bound, color=BLACK, linestyle=":", linewidth=1.3)
    for axes in (error, excess):
        make_log(axes, "x", "y")
        axes.set_xlabel("iteration")
    error.set_title("Squared error", pad=22)
    error.set_ylabel("sum of squared errors")
    say_above(error, "dotted: the least that this rank can reach (Eckart and Young)")
    excess.set_title("Excess over the bound", pad=22)
    excess.set_ylabel("squared error \N{MINUS SIGN} bound")
    say_above(excess, "less than $10^{-9}$ is rounding, drawn at $10^{-9}$")
    figure.legend(
        handles=_legend(errors, styles),
        title="squared error reached",
        loc="outside lower center",
        ncols=4,
    )
    return figure


def _draw(axes: Axes, curve: pd.DataFrame, values: pd.Series, style: Series) -> None:
    marker = style.marker if len(curve) == 1 else ""
    axes.plot(curve["iteration"], values, color=style.colour, linestyle=style.line, marker=marker)


def _legend(errors: pd.DataFrame, styles: dict[str, Series]) -> list[Line2D]:
    """A line for each method, with the error that it reached."""
    nothing = Series(BLACK, "", "")
    reached = zip(errors["method"], errors["squared_error"], strict=True)
    handles = []
    for method, squared_error in reached:
        style = styles.get(method, nothing)
        label = f"{shorten(method)}: {squared_error:.6g}"
        handles.append(Line2D([], [], color=style.colour, linestyle=style.line, label=label))
    return handles
