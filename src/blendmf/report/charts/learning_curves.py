"""Interactive chart of the training and validation error by epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from blendmf.report.charts.vega import (
    HOVER,
    Specification,
    chart,
    data,
    field,
    message_chart,
)
from blendmf.report.figures.style import Series, padded, series_styles, shorten
from blendmf.report.palette import BLUE, ORANGE

COLUMNS, NARROW_COLUMNS = 3, 1
WIDTH, NARROW_WIDTH, OVERVIEW_WIDTH = 250, 290, 640
HEIGHT = 190

MOST_POINTS = 120
"""Number of epochs of a curve that the chart shows; more cannot be distinguished."""

RMSE = "RMSE (rating points)"

ALL, BEST = "all", "best"
"""Names of the datasets: the curves as they are, and each seed's best epoch."""


HINT = "A click on a name in the legend highlights a model. Point at a curve for its numbers."


@dataclass(frozen=True)
class BestEpochs:
    """Epochs with the lowest validation RMSE of a model, over its seeds.

    `rmse` is the mean over the seeds, NaN if no seed has a finite validation RMSE.
    """

    rmse: float
    first: int = 0
    last: int = 0

    def __str__(self) -> str:
        if not np.isfinite(self.rmse):
            return "no finite validation RMSE"
        one = self.first == self.last
        return f"{self.rmse:.3f} at epoch{'' if one else 's'} {self.first}" + (
            "" if one else f" to {self.last}"
        )


def learning_curves(
    histories: Sequence[pd.DataFrame],
    models: Sequence[str],
    seeds: Sequence[int],
    narrow: bool = False,
) -> Specification:
    """Training and validation RMSE by epoch: one panel per model, one pair of lines per seed.

    A first panel compares the validation RMSE of all models; its legend highlights a model in all
    panels. `models` and `seeds` are those of each history, whose columns are `epoch` (from 1),
    `train_rmse` and `validation_rmse`. Models with an empty history, not trained by epochs, are not
    shown.
    """
    curves = [
        pd.DataFrame(
            {
                "model": model,
                "seed": seed,
                "epoch": history["epoch"],
                "training": history["train_rmse"],
                "validation": history["validation_rmse"],
            }
        )
        for model, seed, history in zip(models, seeds, histories, strict=True)
        if len(history)
    ]
    if not curves:
        return message_chart("No model of this run was trained by epochs.")
    best = pd.concat(map(_best_row, curves), ignore_index=True)
    epochs = {str(model): _best_epochs(rows) for model, rows in best.groupby("model", sort=False)}
    shown = pd.concat(map(_thinned, curves), ignore_index=True)
    columns, width = (NARROW_COLUMNS, NARROW_WIDTH) if narrow else (COLUMNS, WIDTH)
    y_axis = _scale_of(curves, "training", "validation")
    panels = [
        _model_panel(model, str(found), shown, best, y_axis, width, first=n % columns == 0)
        for n, (model, found) in enumerate(epochs.items())
    ]
    overview = _overview(curves, shown, series_styles(epochs), narrow)
    return chart(
        _finding(epochs, len(set(seeds))),
        {ALL: shown, BEST: best},
        HINT,
        vconcat=[overview, {"concat": panels, "columns": columns, "spacing": 16}],
        spacing=24,
        resolve={"scale": {"color": "independent", "strokeDash": "independent"}},
    )


def _thinned(curve: pd.DataFrame) -> pd.DataFrame:
    """The curve with at most about `MOST_POINTS` epochs; the best one and both ends stay."""
    kept = np.zeros(len(curve), dtype=bool)
    kept[:: -(-len(curve) // MOST_POINTS)] = True
    kept[-1] = True
    kept |= (curve["validation"] == curve["validation"].min()).to_numpy()
    return curve[kept]


def _best_row(curve: pd.DataFrame) -> pd.DataFrame:
    finite = curve["validation"].where(np.isfinite(curve["validation"]))
    if finite.isna().all():
        return curve[:1].assign(validation=np.nan)
    return curve.loc[[finite.idxmin()]]


def _best_epochs(rows: pd.DataFrame) -> BestEpochs:
    known = rows.dropna(subset="validation")
    if known.empty:
        return BestEpochs(np.nan)
    at = known["epoch"]
    return BestEpochs(float(known["validation"].mean()), int(at.min()), int(at.max()))


def _scale_of(curves: Sequence[pd.DataFrame], *parts: str) -> Specification:
    """Scale with the range of all errors, cut at the highest first validation error."""
    values = pd.concat(curves)[list(parts)].to_numpy()
    values = values[np.isfinite(values)]
    start = max(float(curve["validation"].iloc[0]) for curve in curves)
    highest = float(values.max())
    top = min(start, highest) if np.isfinite(start) else highest
    return {"domain": list(padded(float(values.min()), top)), "zero": False, "nice": False}


def _finding(epochs: Mapping[str, BestEpochs], n_seeds: int) -> str:
    known = {name: found for name, found in epochs.items() if np.isfinite(found.rmse)}
    text = "Training and validation RMSE by epoch."
    if not known:
        return f"{text} No model has a finite validation RMSE."
    ordered = sorted(known, key=lambda name: known[name].rmse)
    of_seeds = f" (mean over {n_seeds} seeds)" if n_seeds > 1 else ""
    text += f" {ordered[0]} has the lowest validation RMSE{of_seeds}, {known[ordered[0]]}"
    others = [f"{name} {known[name]}" for name in ordered[1:]]
    return f"{text}; then {'; '.join(others)}." if others else f"{text}."


def _overview(
    curves: Sequence[pd.DataFrame],
    shown: pd.DataFrame,
    styles: Mapping[str, Series],
    narrow: bool,
) -> Specification:
    """Validation RMSE of all models in one panel, with the legend that highlights a model."""
    y = {**field("validation", RMSE), "scale": _scale_of(curves, "validation")}
    names = list(styles)
    colour = {"domain": names, "range": [style.colour for style in styles.values()]}
    dashes = [[] if style.line == "-" else list(style.line[1]) for style in styles.values()]
    place = {"orient": "bottom", "columns": 2} if narrow else {"orient": "right"}
    legend = {"title": None, **place}
    lines = {
        "mark": {"type": "line", "clip": True, "strokeWidth": 1.7, "aria": False},
        "params": [
            {
                "name": "highlight",
                "select": {"type": "point", "fields": ["model"], "on": "click"},
                "bind": "legend",
            }
        ],
        "encoding": {
            "x": _epochs(),
            "y": y,
            "color": {**field("model", number=False), "scale": colour, "legend": legend},
            "strokeDash": {
                **field("model", number=False),
                "scale": {"domain": names, "range": dashes},
                "legend": legend,
            },
            "detail": field("seed"),
            "opacity": _highlighted(),
        },
    }
    return {
        "title": "All models, validation",
        "data": data(ALL, shown),
        "width": NARROW_WIDTH if narrow else OVERVIEW_WIDTH,
        "height": HEIGHT * 1.3,
        "layer": [lines, _hover_points(y)],
    }


def _model_panel(
    model: str,
    found: str,
    shown: pd.DataFrame,
    best: pd.DataFrame,
    y_axis: Specification,
    width: int,
    first: bool,
) -> Specification:
    def y(part: str) -> Specification:
        axis = {} if first else {"labels": False, "title": None}
        return {**field(part, RMSE), "scale": y_axis, "axis": axis}

    own = [{"filter": {"field": "model", "equal": model}}]
    parts = {"training": (ORANGE, [5, 3]), "validation": (BLUE, [1, 0])}
    colours = {"domain": list(parts), "range": [colour for colour, _ in parts.values()]}
    dashes = {"domain": list(parts), "range": [dash for _, dash in parts.values()]}
    legend = {"title": None, "orient": "bottom"}
    single = len(shown[shown["model"] == model]) == shown["seed"].nunique()
    lines = [
        {
            "mark": {"type": "line", "clip": True, "point": single, "aria": False},
            "encoding": {
                "x": _epochs(),
                "y": y(part),
                "color": {"datum": part, "scale": colours, "legend": legend},
                "strokeDash": {"datum": part, "scale": dashes, "legend": legend},
                "detail": field("seed"),
                "opacity": _highlighted(),
            },
        }
        for part in parts
    ]
    dots = {
        "data": data(BEST, best),
        "transform": own,
        "mark": {
            "type": "point",
            "filled": True,
            "size": 55,
            "fill": BLUE,
            "stroke": "white",
            "strokeWidth": 1,
            "opacity": 1,
        },
        "encoding": {"x": _epochs(), "y": y("validation"), "tooltip": _tooltip()},
    }
    hover = [_hover_points(y(part)) for part in parts]
    return {
        "title": {"text": shorten(model, 30), "subtitle": f"best of each seed: {found}"},
        "data": data(ALL, shown),
        "transform": own,
        "width": width,
        "height": HEIGHT,
        "layer": [*lines, *hover, dots],
    }


def _hover_points(y: Specification) -> Specification:
    """Invisible points that tell the numbers of an epoch to a pointer."""
    return {
        "mark": {"type": "point", "size": 90, "style": HOVER, "clip": True, "filled": True},
        "encoding": {"x": _epochs(), "y": y, "tooltip": _tooltip()},
    }


def _epochs() -> Specification:
    axis = {"format": "d", "tickMinStep": 1, "tickCount": 5, "grid": False}
    return {**field("epoch"), "axis": axis, "scale": {"zero": False, "nice": False, "padding": 4}}


def _tooltip() -> list[Specification]:
    rmse = [{**field(part, f"{part} RMSE"), "format": ".4f"} for part in ("training", "validation")]
    return [field("model", "model", number=False), field("seed", "seed"), field("epoch"), *rmse]


def _highlighted() -> Specification:
    return {"condition": {"param": "highlight", "value": 0.9}, "value": 0.12}
