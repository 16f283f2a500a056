"""The same models under several protocols."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from blendmf.report.figures.axis_limits import close_to_best, padded
from blendmf.report.figures.interval_panels import (
    ROOM,
    Interval,
    Panel,
    draw_interval,
    draw_off_scale,
    set_up_panel,
)
from blendmf.report.figures.style import (
    BLACK,
    GREY,
    SMALL,
    Series,
    new_figure,
    say_above,
    say_empty,
    series_styles,
    shared_look,
    shorten,
)

MODEL_HEIGHT = 0.14
"""Height of a model within its arm in inches."""

ARM_HEIGHT = 0.3
"""Height of the gap between arms in inches."""

SPREAD = 0.36
"""How far from the middle of its arm a model may be, in arms."""

ERROR = Panel("rmse", "Test RMSE (rating points)", higher_is_better=False)
CONTENT = Panel("rmse", "What content adds", higher_is_better=False)
DIFFERENCE = Series(BLACK, "o", "-")


@shared_look()
def plot_audit(table: pd.DataFrame, blended: str | None, plain: str | None) -> Figure:
    """RMSE of each model in each arm, and beside it the difference that content makes there.

    A model that is far off from the best in every arm is named and not drawn; where another one
    leaves the axis, an arrow at the edge and a number stand for it.

    Parameters
    ----------
    table : DataFrame
        As `blendmf.studies.protocol_audit.audit` has it.
    blended, plain : str or None
        The models whose difference is drawn.
    """
    arms = list(dict.fromkeys(table["arm"]))
    errors = table.dropna(subset="rmse")
    # In alphabetical order, as in the tables and figures of the comparison.
    styles = series_styles(sorted(table["model"].unique()))
    errors = errors.assign(is_near=errors.groupby("arm")["rmse"].transform(close_to_best))
    means = errors.groupby("model")["rmse"].mean().sort_values(kind="stable")
    is_near = errors.groupby("model")["is_near"].any()
    shown = [str(model) for model in means.index if is_near[model]]
    height = len(arms) * (ARM_HEIGHT + MODEL_HEIGHT * max(1, len(shown)))
    figure = new_figure(height + ROOM + 0.4)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[3, 2])
    if not shown:
        for axes in (left, right):
            say_empty(axes, "no model predicts ratings")
        return figure
    for axes, panel in ((left, ERROR), (right, CONTENT)):
        set_up_panel(axes, panel, arms)
        axes.set_title(panel.title, pad=22)
        for edge in range(1, len(arms)):
            axes.axhline(edge - 0.5, color=GREY, linewidth=0.4)
    _draw_errors(left, errors[errors["model"].isin(shown)], arms, shown, styles)
    _say_left_out(left, means.drop(shown))
    _draw_content(right, table.drop_duplicates("arm").set_index("arm").loc[arms])
    if blended and plain:
        right.set_xlabel(f"RMSE of {shorten(blended, 16)} minus {shorten(plain, 16)}")
    _add_legend(figure, {model: styles[model] for model in shown})
    return figure


def _draw_errors(
    axes: Axes, rows: pd.DataFrame, arms: list[str], models: list[str], styles: Mapping[str, Series]
) -> None:
    offsets = np.linspace(-SPREAD, SPREAD, len(models)) if len(models) > 1 else [0.0]
    near = rows[rows["is_near"]]
    limits = padded(float(near["rmse_low"].min()), float(near["rmse_high"].max()))
    axes.set_xlim(*limits)
    axes.set_xlabel("← lower is better; ratings differ between protocols")
    for model, offset in zip(models, offsets, strict=True):
        own = rows[rows["model"] == model].set_index("arm")
        style = styles[model]
        for place, arm in enumerate(arms):
            if arm in own.index:
                row, y = own.loc[arm], place + offset
                if row["rmse_high"] > limits[1]:
                    draw_off_scale(axes, y, f"{row['rmse']:.2f}", style, to_right=True)
                    continue
                ends = [row["rmse_low"], row["rmse_high"]]
                axes.plot(ends, [y, y], color=style.colour, linewidth=1.6)
                axes.plot(row["rmse"], y, style.marker, color=style.colour, mec="white", mew=0.5)


def _draw_content(axes: Axes, arms: pd.DataFrame) -> None:
    known = arms["content_minus_plain"].notna()
    if not known.any():
        say_empty(axes, "no model with content beside one without")
        return
    low, high = arms["content_low"].min(), arms["content_high"].max()
    axes.set_xlim(*padded(min(0.0, float(low)), max(0.0, float(high))))
    axes.axvline(0.0, color=GREY, linewidth=0.9, zorder=1)
    for place, (_, row) in enumerate(arms.iterrows()):
        if pd.notna(row["content_minus_plain"]):
            values = [row[f"content_{key}"] for key in ("minus_plain", "low", "high")]
            interval = Interval(values[0], values[1], values[2], np.nan)
            holds = row["content_finding"] in ("better", "worse")
            draw_interval(axes, place, interval, DIFFERENCE, filled=holds)


def _say_left_out(axes: Axes, means: pd.Series) -> None:
    if not means.empty:
        names = [f"{shorten(str(name), 16)} ({mean:.2f})" for name, mean in means.items()]
        say_above(axes, f"far above, not drawn (mean): {', '.join(names)}")


def _add_legend(figure: Figure, styles: Mapping[str, Series]) -> None:
    marks = {
        shorten(name): Line2D([], [], color=style.colour, marker=style.marker, linewidth=1.6)
        for name, style in styles.items()
    }
    marks["difference holds"] = Line2D([], [], color=BLACK, marker="o", ms=8, linewidth=2.4)
    marks["does not hold"] = Line2D(
        [], [], color=BLACK, marker="o", ms=8, linewidth=2.4, mfc="white", mew=1.6
    )
    figure.legend(
        list(marks.values()),
        list(marks),
        loc="outside lower center",
        ncols=min(5, len(marks)),
        fontsize=SMALL,
        title="lines: 95 % intervals over users",
        title_fontsize=SMALL,
    )
