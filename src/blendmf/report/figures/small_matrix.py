"""Figure of the convergence of gradient methods on the small matrix."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from blendmf.report.figures.style import (
    Series,
    legend_mark,
    make_log,
    new_figure,
    panel_row,
    series_styles,
    shared_look,
    shorten,
    subtitle,
)
from blendmf.report.palette import BLACK

LEAST_EXCESS = 1e-9
"""Smaller excesses are rounding and are drawn at this value, since a log axis has no zero."""


@shared_look()
def plot_small_matrix(curves: pd.DataFrame, errors: pd.DataFrame, narrow: bool = False) -> Figure:
    """Squared error by iteration, and its excess over the Eckart-Young bound.

    `curves` has the columns `method`, `iteration` (from 1) and `squared_error`, and no rows for a
    method without iterations; `errors` has `method`, the `squared_error` reached, and `bound`, the
    least squared error of any matrix of that rank.
    """
    styles = series_styles(curves["method"])
    bounds = errors.set_index("method")["bound"]
    figure = new_figure(9.4 if narrow else 4.5, narrow)
    error, excess = panel_row(figure, 2, narrow)
    for method, curve in curves.groupby("method", sort=False):
        style = styles[str(method)]
        look = style.look if len(curve) == 1 else style.look | {"marker": ""}
        above = (curve["squared_error"] - bounds[method]).clip(lower=LEAST_EXCESS)
        for axes, values in ((error, curve["squared_error"]), (excess, above)):
            axes.plot(curve["iteration"], values, **look)
    for bound in np.unique(bounds[bounds > 0]):
        error.axhline(bound, color=BLACK, linestyle=":", linewidth=1.3)
    for axes in (error, excess):
        make_log(axes, "x", "y")
        axes.set_xlabel("iteration")
    error.set_title("Squared error", pad=22)
    error.set_ylabel("sum of squared errors")
    subtitle(error, "dotted: least of any matrix of this rank (Eckart-Young)")
    excess.set_title("Excess over the bound", pad=22)
    excess.set_ylabel("squared error \N{MINUS SIGN} bound")
    subtitle(excess, "less than 10⁻⁹ is rounding, drawn at 10⁻⁹")
    handles = []
    for method, reached in zip(errors["method"], errors["squared_error"], strict=True):
        style = styles.get(method, Series(BLACK, "", ""))
        label = f"{shorten(method)}: {reached:.6g}"
        handles.append(legend_mark(label, color=style.colour, linestyle=style.line))
    title = "squared error reached"
    figure.legend(
        handles=handles, title=title, loc="outside lower center", ncols=1 if narrow else 4
    )
    return figure


def small_matrix_text(errors: pd.DataFrame) -> str:
    """How close each method comes to the least possible squared error."""
    bound = errors["bound"].min()
    parts = [
        f"{row['method']} {row['squared_error'] - row['bound']:.2g}"
        for row in errors.to_dict("records")
    ]
    return (
        f"Squared error on the small matrix by iteration; the bound for this rank is {bound:.6g}. "
        f"Excess over the bound: {', '.join(parts)}."
    )
