"""Figures that compare all models: their metrics, and differences from a reference model."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from blendmf.evaluation.user_metrics import higher_is_better
from blendmf.evaluation.verdict import against
from blendmf.report.figures.interval_panels import (
    FRAME_HEIGHT,
    ROW_HEIGHT,
    Interval,
    add_legend,
    draw_panel,
    holding_marks,
    zero_line,
)
from blendmf.report.figures.style import (
    legend_mark,
    message_figure,
    new_figure,
    panel_row,
    shared_look,
    shorten,
    styles_by_kind,
)
from blendmf.report.palette import GREY

MISSING = "predicts no ratings"
SAME = "the same for every user"


@shared_look()
def plot_comparison(
    metrics: pd.DataFrame, kinds: Mapping[str, str], k: int, narrow: bool = False
) -> Figure:
    """Plot five metrics of each model with 95 % intervals, models sorted by ascending RMSE.

    A value far from the best one is shown as a number with an arrow at the edge of the panel.
    `metrics` has one row per model and metric, with the columns `model`, `metric`, `mean`, `low`,
    `high` and `seed_sd`; `k` is the length of the ranked lists.
    """
    titles = [
        {"rmse": "RMSE (rating points)", "mae": "MAE (rating points)"},
        {
            "rated_precision_at_k": f"Precision@{k}, rated",
            "rated_recall_at_k": f"Recall@{k}, rated",
            "full_ndcg_at_k": f"NDCG@{k}, full",
        },
    ]
    if narrow:
        titles = [{metric: title} for row in titles for metric, title in row.items()]
    values = metrics.pivot_table(index="model", columns="metric", values="mean", sort=False)
    models = values.reindex(metrics["model"].unique(), columns=[m for row in titles for m in row])
    order = models["rmse"].sort_values(kind="stable").index
    styles = styles_by_kind(kinds)
    by_model = metrics.set_index(["model", "metric"])
    figure = new_figure(len(titles) * (ROW_HEIGHT * len(order) + FRAME_HEIGHT) + 0.4, narrow)
    blocks = figure.subfigures(len(titles), 1, squeeze=False).ravel()
    for block, of_block in zip(blocks, titles, strict=True):
        panels = block.subplots(1, len(of_block), sharey=True, squeeze=False).ravel()
        for axes, (metric, title) in zip(panels, of_block.items(), strict=True):
            rows: dict[str, Interval | str] = dict.fromkeys(order, MISSING)
            for model in models[metric].dropna().index:
                found = by_model.loc[(model, metric), ["mean", "low", "high", "seed_sd"]]
                rows[model] = Interval(*found, style=styles[model])
            higher = higher_is_better(metric)
            draw_panel(axes, title, rows, higher_is_better=higher)
            axes.set_xlabel("higher is better →" if higher else "← lower is better")
            best = models[metric].max() if higher else models[metric].min()
            if np.isfinite(best):
                axes.axvline(best, color=GREY, linewidth=0.9, linestyle=":", zorder=1)
    mean = "mean, 95 % interval over users"
    add_legend(figure, legend_mark(mean, color=GREY, marker="o", ms=8, linewidth=2.4))
    return figure


@shared_look()
def plot_differences(
    differences: pd.DataFrame,
    kinds: Mapping[str, str],
    reference: str | None,
    k: int,
    narrow: bool = False,
) -> Figure:
    """Plot each model's metrics minus the reference model's, sorted by ascending RMSE difference.

    A filled marker means that the difference is significant after correction for the number of
    pairs, and larger than the standard deviation over seeds. A difference far from the best one is
    shown as a number with an arrow at the edge of the panel. `differences` has those of all pairs,
    from `blendmf.evaluation.differences.differences_table`; without a reference the figure contains
    only a message.
    """
    others = [model for model in kinds if model != reference]
    if reference is None or not others:
        return message_figure("there are no two models to compare", narrow)
    titles = {
        "rmse": "RMSE",
        "rated_precision_at_k": f"Precision@{k}, rated",
        "full_ndcg_at_k": f"NDCG@{k}, full",
    }
    found = {metric: against(differences, metric, reference) for metric in titles}
    errors = found["rmse"]
    others.sort(key=lambda name: errors[name].value if name in errors else np.inf)
    styles = styles_by_kind(kinds)
    rows_of_panels = len(titles) if narrow else 1
    height = rows_of_panels * (ROW_HEIGHT * len(others) + FRAME_HEIGHT) + 0.4
    figure = new_figure(height, narrow)
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(wspace=0.05)
    for axes, (metric, title) in zip(
        panel_row(figure, len(titles), narrow, sharey=True), titles.items(), strict=True
    ):
        rows: dict[str, Interval | str] = dict.fromkeys(others, MISSING)
        for name, one in found[metric].items():
            holds = one.finding in ("better", "worse")
            interval = Interval(
                one.value, one.low, one.high, one.seed_sd, style=styles[name], filled=holds
            )
            rows[name] = interval if {one.value, one.low, one.high} != {0.0} else SAME
        higher = higher_is_better(metric)
        draw_panel(
            axes,
            title,
            rows,
            higher_is_better=higher,
            include=[0.0],
            margin=0.12,
            number="+.2g",
            ticks=3,
        )
        zero_line(axes)
        better = f"better than {shorten(reference, 20)}"
        axes.set_xlabel(f"difference; {better} →" if higher else f"← {better}; difference")
    add_legend(figure, *holding_marks(GREY, "holds; 95 % interval over users"))
    return figure
