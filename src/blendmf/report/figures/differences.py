"""How far every model is from one of them, with the intervals of the differences."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from blendmf.evaluation.user_metrics import higher_is_better
from blendmf.evaluation.verdict import Difference, against
from blendmf.report.figures.axis_limits import close_to_best, padded
from blendmf.report.figures.highlights import styles_by_kind
from blendmf.report.figures.interval_panels import (
    MODEL_HEIGHT,
    ROOM,
    Interval,
    Panel,
    add_legend,
    draw_interval,
    draw_off_scale,
    say_missing,
    set_up_panel,
)
from blendmf.report.figures.style import (
    GREY,
    Series,
    new_figure,
    say_empty,
    shared_look,
    shorten,
)


def difference_panels(k: int) -> tuple[Panel, ...]:
    """Rating error, and the two ways to rank, with lists of `k`."""
    titles = {
        "rmse": "RMSE",
        "rated_precision_at_k": f"Precision@{k}, rated",
        "full_ndcg_at_k": f"NDCG@{k}, full",
    }
    return tuple(Panel(metric, title, higher_is_better(metric)) for metric, title in titles.items())


@shared_look()
def plot_differences(
    differences: pd.DataFrame,
    kinds: Mapping[str, str],
    reference: str | None,
    panels: tuple[Panel, ...],
) -> Figure:
    """Each model's metrics minus the reference's, the best by the first metric on top.

    A filled mark is a difference that holds after correction for the number of pairs.
    Differences far off leave the axis; an arrow at its edge and a number stand for them.

    Parameters
    ----------
    differences : DataFrame
        Those of all pairs, as `blendmf.evaluation.differences.differences_table` has them.
    kinds : mapping of str to str
        Kind of each model.
    reference : str or None
        The model that is taken from the others; None where no model can be it.
    panels : tuple of Panel
        Metrics to show, beside each other.
    """
    others = [model for model in kinds if model != reference]
    if reference is None or not others:
        figure = new_figure(2.0)
        say_empty(figure.subplots(), "there are no two models to compare")
        return figure
    found = [against(differences, panel.metric, reference) for panel in panels]
    styles = styles_by_kind(kinds)
    order = sorted(others, key=lambda name: _rank(found[0].get(name)))
    figure = new_figure(MODEL_HEIGHT * len(order) + ROOM + 0.4)
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(wspace=0.05)
    all_axes = figure.subplots(1, len(panels), sharey=True, squeeze=False).ravel()
    for axes, panel, of_panel in zip(all_axes, panels, found, strict=True):
        set_up_panel(axes, panel, order, ticks=3)
        _draw_panel(axes, panel, [of_panel.get(name) for name in order], [styles[n] for n in order])
        name = shorten(reference, 20)
        axes.set_xlabel(
            f"difference; better than {name} →"
            if panel.higher_is_better
            else f"← better than {name}; difference"
        )
    add_legend(figure, _marks())
    return figure


def _rank(difference: Difference | None) -> float:
    """What sorts the best first and models without the metric last."""
    if difference is None:
        return np.inf
    return -difference.value if difference.higher_is_better else difference.value


def _draw_panel(
    axes: Axes, panel: Panel, found: list[Difference | None], styles: list[Series]
) -> None:
    values = np.array([np.nan if one is None else one.value for one in found])
    # The reference itself is one of the models, at 0, and stays on the axis.
    shown = close_to_best([*values, 0.0], panel.higher_is_better)[:-1]
    drawn = [one for one, is_shown in zip(found, shown, strict=True) if one and is_shown]
    axes.set_xlim(*_limits(drawn))
    axes.axvline(0.0, color=GREY, linewidth=0.9, zorder=1)
    for place, (one, style) in enumerate(zip(found, styles, strict=True)):
        if one is None:
            say_missing(axes, place, "predicts no ratings")
        elif shown[place]:
            interval = Interval(one.value, one.low, one.high, one.seed_sd)
            draw_interval(axes, place, interval, style, filled=one.finding in ("better", "worse"))
        else:
            draw_off_scale(axes, place, f"{one.value:+.2g}", style, to_right=one.value > 0)


def _limits(drawn: Sequence[Difference]) -> tuple[float, float]:
    spread = [(one.value, np.nan_to_num(one.seed_sd)) for one in drawn]
    low = min([0.0, *(one.low for one in drawn), *(value - sd for value, sd in spread)])
    high = max([0.0, *(one.high for one in drawn), *(value + sd for value, sd in spread)])
    return padded(float(low), float(high), share=0.12)


def _marks() -> dict[str, Line2D]:
    holds = Line2D([], [], color=GREY, marker="o", ms=8, linewidth=2.4)
    open_mark = Line2D([], [], color=GREY, marker="o", ms=8, linewidth=2.4, mfc="white", mew=1.6)
    return {"holds; 95 % interval over users": holds, "does not hold": open_mark}
