"""Figure of the same models under several protocols."""

from collections.abc import Mapping
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from blendmf.report.figures.interval_panels import (
    FRAME_HEIGHT,
    Interval,
    add_legend,
    draw_panel,
    draw_row,
    holding_marks,
    limits,
    set_up_rows,
    zero_line,
)
from blendmf.report.figures.style import (
    LINE_HEIGHT,
    SMALL,
    Series,
    close_to_best,
    legend_mark,
    new_figure,
    panel_row,
    series_styles,
    shared_look,
    shorten,
    show_message,
    subtitle,
)
from blendmf.report.palette import BLACK, GREY

MODEL_HEIGHT = 0.14
"""Height of a model within its variant in inches."""

GAP_HEIGHT = 0.3
"""Height of the gap between variants in inches."""

SPREAD = 0.36
"""Largest vertical offset of a model from the centre of its variant's row, in rows."""


@shared_look()
def plot_audit(
    table: pd.DataFrame, blended: str | None, plain: str | None, narrow: bool = False
) -> Figure:
    """RMSE of each model in each variant (left) and the difference that content makes (right).

    A model that is far from the best one in every variant is named but not drawn. Other values off
    the axis are shown as an arrow at the edge and a number. `table` is that of
    `blendmf.studies.protocol_audit.audit`; `blended` and `plain` are the models whose difference is
    drawn, None if there is no such model.
    """
    variants = list(table["arm"].unique())
    errors = table.dropna(subset="rmse")
    errors = errors.assign(is_near=errors.groupby("arm")["rmse"].transform(close_to_best))
    by_model = errors.groupby("model")
    means = by_model["rmse"].mean().sort_values(kind="stable")
    shown = [str(model) for model in means.index[by_model["is_near"].any()[means.index]]]
    height = len(variants) * (GAP_HEIGHT + MODEL_HEIGHT * max(1, len(shown))) + FRAME_HEIGHT
    figure = new_figure(2 * height + 1.0 if narrow else height + 0.4, narrow)
    left, right = panel_row(figure, 2, narrow, sharey=True, width_ratios=[3, 2])
    if not shown:
        for axes in (left, right):
            show_message(axes, "no model predicts ratings")
        return figure
    # In alphabetical order, as in the tables and figures of the comparison.
    styles = series_styles(sorted(table["model"].unique()))
    set_up_rows(left, "", variants)
    note = "" if narrow else "; ratings differ between protocols"
    left.set_xlabel(f"← lower is better{note}")
    shifts = np.linspace(-SPREAD, SPREAD, len(shown)) if len(shown) > 1 else [0.0]
    shift_of = dict(zip(shown, shifts, strict=True))
    y = errors["arm"].map(variants.index) + errors["model"].map(shift_of)
    _draw_errors(left, errors.assign(y=y).dropna(subset="y"), styles)
    far = [f"{shorten(str(name), 16)} ({mean:.2f})" for name, mean in means.drop(shown).items()]
    named = (
        fill(f"far above, not drawn (mean): {', '.join(far)}", 44 if narrow else 75) if far else ""
    )
    subtitle(left, named)
    _draw_content(right, table.drop_duplicates("arm").set_index("arm").loc[variants])
    if blended and plain:
        right.set_xlabel(f"RMSE of {shorten(blended, 16)} minus {shorten(plain, 16)}")
    for axes, title in ((left, "Test RMSE (rating points)"), (right, "What content adds")):
        axes.set_title(title, pad=9 + LINE_HEIGHT * max(1, len(named.splitlines())))
        for edge in range(1, len(variants)):
            axes.axhline(edge - 0.5, color=GREY, linewidth=0.4)
    marks = [
        legend_mark(
            shorten(name), color=styles[name].colour, marker=styles[name].marker, linewidth=1.6
        )
        for name in shown
    ]
    marks += holding_marks(BLACK, "difference holds")
    add_legend(
        figure,
        *marks,
        seeds=False,
        off_axis=False,
        ncols=min(2 if narrow else 5, len(marks)),
        fontsize=SMALL,
        title="lines: 95 % intervals over users",
        title_fontsize=SMALL,
    )
    return figure


def _draw_errors(axes: Axes, errors: pd.DataFrame, styles: Mapping[str, Series]) -> None:
    intervals = [
        Interval(*row[["rmse", "rmse_low", "rmse_high"]], style=styles[row["model"]])
        for _, row in errors.iterrows()
    ]
    near = [one for one, is_near in zip(intervals, errors["is_near"], strict=True) if is_near]
    axes.set_xlim(*limits(near))
    for y, interval in zip(errors["y"], intervals, strict=True):
        draw_row(axes, y, interval, ".2f", size=6)


def _draw_content(axes: Axes, variants: pd.DataFrame) -> None:
    columns = ["content_minus_plain", "content_low", "content_high"]
    if variants["content_minus_plain"].isna().all():
        show_message(axes, "no pair of models with and without content")
        return
    rows: dict[str, Interval | str] = dict.fromkeys(variants.index, "")
    for name, row in variants.dropna(subset="content_minus_plain").iterrows():
        holds = row["content_finding"] in ("better", "worse")
        style = Series(BLACK, "o", "-")
        rows[str(name)] = Interval(*row[columns], style=style, filled=holds)
    draw_panel(axes, "", rows, include=[0.0])
    zero_line(axes)
