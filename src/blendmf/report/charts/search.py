"""Interactive chart of the search: its trials, their scores, and which parameters mattered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd

from blendmf.report.charts.vega import Specification, chart, data, field, message_chart
from blendmf.report.figures.style import padded, shorten
from blendmf.report.palette import BLACK, BLUE, GREY, LIGHT, ORANGE, VERMILLION
from blendmf.search.space import Dimension

COLUMNS, NARROW_COLUMNS = 5, 2
"""Number of panels in one row."""

HISTORY_WIDTH, WIDTH, NARROW_WIDTH, HEIGHT = 190, 126, 112, 125
LABEL_LENGTH = 20
"""Longest line of an axis label in characters."""

FEW_DECADES = 100.0
"""Log axes get ticks between the powers of ten if the ratio of their bounds is smaller."""

SHOWN_SHARE = 0.85
"""Share of the complete trials, best first, that fit on the axes."""

MARGIN = 0.1
"""Room below the best trial, as a share of the shown range; twice that above the worst."""

TOP = 0.96
"""Height of marks for trials without a value on the axis, as a share of the panel."""


HINT = (
    "Point at a trial for its settings and for its place in the model's other panels. A click on "
    "the legend shows one kind of mark."
)


@dataclass(frozen=True)
class Mark:
    """Look of a mark: shape of Vega or an SVG path, fill, line and area in square pixels."""

    shape: str
    fill: str
    line: str
    area: float


STAR = "M0,-1L.22,-.31L.95,-.31L.36,.12L.59,.81L0,.38L-.59,.81L-.36,.12L-.95,-.31L-.22,-.31Z"
CROSS = "M-.7,-.7L.7,.7M-.7,.7L.7,-.7"

MARKS = {
    "best so far": Mark("stroke", ORANGE, ORANGE, 100),
    "pruned": Mark("circle", LIGHT, BLUE, 48),
    "trial": Mark("circle", BLUE, LIGHT, 56),
    "worse than the axis shows": Mark("triangle-up", GREY, GREY, 40),
    "failed": Mark(CROSS, VERMILLION, VERMILLION, 130),
    "finalists' mean": Mark("diamond", ORANGE, LIGHT, 80),
    "taken": Mark(STAR, ORANGE, BLACK, 220),
}
"""Marks by their label in the legend, from the back to the front."""


@dataclass(frozen=True, eq=False)
class ModelSearch:
    """Search of one model.

    `score` names the score that the trials' values are; `chosen` is the number of the chosen trial.
    `trials` has the columns `number`, `generation`, `state`, `value` (NaN for a failed trial; one
    trial must be complete), `finalist_mean` (NaN unless a finalist) and one for each parameter of
    the `space`. `importances` has `parameter` and `importance`, all 0 if there were too few trials.
    """

    model: str
    score: str
    chosen: int
    trials: pd.DataFrame
    importances: pd.DataFrame
    space: Mapping[str, Dimension]

    @property
    def shares(self) -> pd.Series:
        """Importance by parameter."""
        return self.importances.set_index("parameter")["importance"]

    @property
    def scale(self) -> tuple[float, float, float]:
        """Bottom and top of the axis of the values, and the worst value on it."""
        values = self.trials.loc[self.trials["state"] == "complete", "value"]
        best, worst = float(values.min()), float(values.quantile(SHOWN_SHARE))
        room = (worst - best) * MARGIN or 0.01 * best
        return best - room, worst + 2 * room, worst


def search_history(searches: Sequence[ModelSearch], narrow: bool = False) -> Specification:
    """For each searched model: its trials in order, and their scores against each parameter.

    A pointer on a trial shows its settings, and where it is in the model's other panels.
    """
    if not searches:
        return message_chart("No model of this run was searched.")
    tables = {f"trials-{n}": _rows(one) for n, one in enumerate(searches)}
    blocks = [
        _model(search, name, table, narrow)
        for search, (name, table) in zip(searches, tables.items(), strict=True)
    ]
    points = [
        f"{name}-{n}"
        for name, one in zip(tables, searches, strict=True)
        for n in range(len(one.space) + 1)
    ]
    point: Specification = {"type": "point", "fields": ["model", "trial"]}
    hover = point | {"on": "pointerover", "clear": "pointerout"}
    click = {"type": "point", "fields": ["mark"]}
    return chart(
        f"Trials of the search. Taken: {'; '.join(map(_finding, searches))}.",
        tables,
        HINT,
        params=[
            {"name": "pointed", "select": hover, "views": points},
            {"name": "shown", "select": click, "bind": "legend", "views": points},
        ],
        vconcat=blocks,
        spacing=22,
    )


def _finding(search: ModelSearch) -> str:
    """The trial that was taken, and the parameter that matters most."""
    taken = search.trials.loc[search.trials["number"] == search.chosen].iloc[0]
    text = (
        f"{search.model} with {search.score} {taken['value']:.4f} "
        f"(trial {search.chosen + 1} of {len(search.trials)}"
    )
    shares = search.shares
    return f"{text}; {shares.idxmax()} matters most)" if shares.any() else f"{text})"


def _rows(search: ModelSearch) -> pd.DataFrame:
    """One row for each mark of a trial, those in front last."""
    low, high, worst = search.scale
    trials = search.trials
    values, pruned = trials["value"], trials["state"] == "pruned"
    on_scale, failed = values <= worst, values.isna()
    at_top = pd.Series(low + TOP * (high - low), trials.index)
    complete = values.where(trials["state"] == "complete")
    drawn = {
        "best so far": complete.cummin().ffill(),
        "pruned": values[on_scale & pruned],
        "trial": values[on_scale & ~pruned],
        "worse than the axis shows": at_top[~on_scale & ~failed],
        "failed": at_top[failed],
        "finalists' mean": trials["finalist_mean"].dropna(),
        "taken": values[trials["number"] == search.chosen],
    }
    facts = pd.DataFrame(
        {
            "model": search.model,
            "trial": trials["number"] + 1,
            "generation": trials["generation"] + 1,
            "state": trials["state"],
            "value": values,
            **{parameter: trials[parameter] for parameter in search.space},
        }
    )
    return pd.concat(
        [facts.loc[y.index].assign(mark=mark, y=y) for mark, y in drawn.items()],
        ignore_index=True,
    )


def _model(search: ModelSearch, name: str, table: pd.DataFrame, narrow: bool) -> Specification:
    columns, width = (NARROW_COLUMNS, NARROW_WIDTH) if narrow else (COLUMNS, WIDTH)
    tooltip = [
        *(field(column, number=False) for column in ("model", "mark", "state")),
        *(field(column) for column in ("trial", "generation")),
        {**field("value", search.score), "format": ".4f"},
        *({**field(parameter, parameter), "format": ".4~g"} for parameter in search.space),
    ]
    panels: list[Specification] = []
    for n, parameter in enumerate([None, *search.space]):
        y = _y(search, n % columns == 0)
        x = _parameter_axis(search, parameter) if parameter else _trial_axis(search)
        lines = [_bounds(x, search.space[parameter])] if parameter else _history(search, x, y)
        points = {
            "name": f"{name}-{n}",
            "transform": [{"filter": {"field": "mark", "oneOf": list(MARKS)[1:]}}],
            "mark": {"type": "point", "clip": False, "opacity": 1, "aria": False},
            "encoding": _looks(narrow) | {"x": x, "y": y, "tooltip": tooltip},
        }
        panels.append(
            {
                "width": width if parameter or narrow else HISTORY_WIDTH,
                "height": HEIGHT,
                "layer": [*lines, points],
            }
        )
    unknown = "" if search.shares.any() else "too few trials to tell which parameters matter"
    return {
        "title": {"text": shorten(search.model, 40), "subtitle": unknown},
        "data": data(name, table),
        "concat": panels,
        "columns": columns,
        "spacing": 14,
        "align": "each",
    }


def _looks(narrow: bool) -> Specification:
    """Encodings of the marks, which share one legend."""
    legend = {"title": None, "orient": "bottom", "columns": 2 if narrow else 4}

    def by_mark(values: list[Any], ordered: bool = False) -> Specification:
        scale = {"type": "ordinal", "domain": list(MARKS), "range": values}
        kind = "ordinal" if ordered else "nominal"
        return {"field": "mark", "type": kind, "scale": scale, "legend": legend}

    looks = MARKS.values()
    pointed: Specification = {"param": "pointed", "empty": False}
    return {
        "shape": by_mark([look.shape for look in looks]),
        "size": by_mark([look.area for look in looks], ordered=True),
        "fill": by_mark([look.fill for look in looks]),
        "stroke": by_mark([look.line for look in looks])
        | {"condition": {**pointed, "value": VERMILLION}},
        "strokeWidth": {"condition": {**pointed, "value": 3}, "value": 1.1},
        "opacity": {"condition": {"param": "shown", "value": 1}, "value": 0.1},
    }


def _y(search: ModelSearch, first: bool) -> Specification:
    low, high, _ = search.scale
    axis: Specification = {"tickCount": 4, "minExtent": 42}
    if not first:
        axis = {"tickCount": 4, "labels": False, "title": None}
    scale = {"domain": [low, high], "zero": False, "nice": False}
    return {**field("y"), "title": wrap(search.score, LABEL_LENGTH), "scale": scale, "axis": axis}


def _trial_axis(search: ModelSearch) -> Specification:
    """Axis of the trials in order."""
    last = float(search.trials["number"].max()) + 1
    return {
        **field("trial"),
        "scale": {"domain": [0.4, last + 0.6], "nice": False},
        "axis": {"format": "d", "tickMinStep": 1, "tickCount": 5, "grid": False},
    }


def _history(search: ModelSearch, x: Specification, y: Specification) -> list[Specification]:
    """Dotted lines between the generations, and the best value so far."""
    trials = search.trials
    starts = trials.loc[trials["generation"].diff() > 0, "number"] + 0.5
    best = {
        "transform": [{"filter": {"field": "mark", "equal": "best so far"}}],
        "mark": {"type": "line", "interpolate": "step-after", "color": ORANGE, "clip": True},
        "encoding": {"x": x, "y": y},
    }
    return [_upright(starts.to_list(), [1, 2], x), best]


def _parameter_axis(search: ModelSearch, parameter: str) -> Specification:
    """Axis of a parameter, fitted to the search space."""
    dimension, share = search.space[parameter], search.shares
    low, high = float(dimension.low), float(dimension.high)
    label = wrap(parameter.replace("_", " "), LABEL_LENGTH)
    if share.any():
        label.append(f"importance {share[parameter]:.2f}")
    axis: Specification = {"tickCount": 4}
    scale: Specification = {"type": "log" if dimension.log else "linear", "nice": False}
    if dimension.log:
        room = (high / low) ** 0.04
        scale["domain"] = [low / room, high * room]
        axis["values"] = _log_ticks(low, high)
        axis["labelExpr"] = (
            "datum.value < 0.01 || datum.value > 1000 "
            "? format(datum.value, '~e') : format(datum.value, '~g')"
        )
    else:
        scale |= {"domain": list(padded(low, high, 0.04)), "zero": False}
    return {**field(parameter), "title": label, "scale": scale, "axis": axis}


def _bounds(x: Specification, dimension: Dimension) -> Specification:
    """Dashed lines at the bounds of a parameter."""
    return _upright([float(dimension.low), float(dimension.high)], [5, 3], x)


def _log_ticks(low: float, high: float) -> list[float]:
    steps = (1.0, 3.0) if high / low < FEW_DECADES else (1.0,)
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks = [float(f"{step}e{decade}") for decade in decades for step in steps]
    return [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]


def _upright(places: Sequence[float], dash: Sequence[float], x: Specification) -> Specification:
    """Grey upright lines on an axis."""
    return {
        "data": {"values": [{"at": place} for place in places]},
        "mark": {"type": "rule", "color": GREY, "strokeDash": list(dash), "aria": False},
        "encoding": {"x": {**x, "field": "at"}},
    }
