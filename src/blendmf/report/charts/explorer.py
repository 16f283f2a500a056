"""Charts of the explorer: specifications whose data the page fills in from its own JSON."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from blendmf.report.charts.vega import CONFIG, SCHEMA, Specification, field
from blendmf.report.palette import BLACK, BLUE, COLOURS, GREY, INK

ROWS = "rows"
"""Name of the data that the page fills in."""

N_GENRES = 10
NO_GENRE = "another or none"
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")
MAP_DOMAIN = (-40, 1040)
"""The coordinates are 0 to 1,000; the rest is room for the marks."""

OPACITY = 0.75
MAP_HEIGHT, BAR_HEIGHT = 520, 180
BAR_AXIS = {"tickCount": 8, "grid": False, "labelFlush": False}


def explorer_charts(data: Mapping[str, Any]) -> dict[str, Specification]:
    """The map of the items, the predicted ratings of an item, the errors of users or items."""
    return {
        "map": _map(frequent_genres(data)),
        "predicted": _bars("Predicted rating", "Users"),
        "errors": _bars("RMSE on the held-out ratings", "Cases"),
    }


def frequent_genres(data: Mapping[str, Any]) -> list[str]:
    """The most frequent genres, the most frequent first."""
    counts = Counter(genre for genres in data["items"]["genres"] for genre in genres)
    order = sorted(counts, key=lambda genre: (-counts[genre], genre))
    return [data["genres"][genre] for genre in order[:N_GENRES]]


def _chart(**parts: Any) -> Specification:
    return {
        "$schema": SCHEMA,
        "config": CONFIG,
        "data": {"name": ROWS},
        "width": "container",
        "autosize": {"type": "fit", "contains": "padding"},
        **parts,
    }


def _map(genres: list[str]) -> Specification:
    """A point for each item; the page sets the signals ``searched`` and ``chosen`` (a genre)."""
    scale = {"domain": list(MAP_DOMAIN), "nice": False, "zero": False}
    position = {axis: field(axis) | {"axis": None, "scale": scale} for axis in ("x", "y")}
    searched = {
        "transform": [{"filter": "datum.index === searched"}],
        "encoding": position,
    }
    ring = {
        "type": "point",
        "size": 260,
        "stroke": BLACK,
        "strokeWidth": 3,
        "fill": "transparent",
        "cursor": "pointer",
    }
    name = {
        "type": "text",
        "dy": -18,
        "align": {"expr": "datum.x > 500 ? 'right' : 'left'"},
        "fontSize": 14,
        "fontWeight": "bold",
        "color": BLACK,
        "limit": 260,
    }
    tooltip = [field("title", number=False), field("genres", number=False), field("ratings")]
    points: Specification = {
        "params": [
            {
                "name": "view",
                "select": {"type": "interval", "zoom": "wheel![event.ctrlKey || event.metaKey]"},
                "bind": "scales",
            }
        ],
        "mark": {"type": "point", "filled": True, "size": 45, "color": GREY, "cursor": "pointer"},
        "encoding": {**position, "tooltip": tooltip, "opacity": {"value": OPACITY}},
    }
    if genres:
        points["params"].append(
            {"name": "genre", "select": {"type": "point", "fields": ["genre"]}, "bind": "legend"}
        )
        points["encoding"] |= _looks(genres)
    return _chart(
        usermeta={"genres": genres, "other": NO_GENRE},
        height=MAP_HEIGHT,
        params=[{"name": "searched", "value": -1}, {"name": "chosen", "value": ""}],
        layer=[
            points,
            {**searched, "mark": ring, "encoding": {**position, "tooltip": tooltip}},
            {
                **searched,
                "mark": name,
                "encoding": {**position, "text": field("title", number=False)},
            },
        ],
    )


def _looks(genres: list[str]) -> Specification:
    """A colour and a shape for each genre, which share one legend that selects."""
    kinds = [*genres, NO_GENRE]
    hues = [colour for colour in COLOURS if colour not in (BLACK, GREY)] + [BLACK]
    colours = [hues[n % len(hues)] for n in range(len(genres))] + [GREY]
    shapes = [SHAPES[n % len(SHAPES)] for n in range(len(genres))] + ["circle"]

    def by_genre(values: list[str]) -> Specification:
        columns = {"expr": "width < 500 ? 2 : 6"}
        return {
            **field("genre", number=False),
            "scale": {"domain": kinds, "range": values},
            "legend": {"orient": "bottom", "columns": columns, "title": None},
        }

    chosen = "chosen === '' || indexof(datum.names, chosen) >= 0"
    shown = {"test": {"and": [{"param": "genre"}, chosen]}, "value": OPACITY}
    return {
        "color": by_genre(colours),
        "shape": by_genre(shapes),
        "opacity": {"condition": shown, "value": 0.05},
    }


def _bars(x: str, y: str) -> Specification:
    """A histogram of rows with low, high and count."""
    low = field("low") | {"title": x, "bin": "binned", "axis": BAR_AXIS}
    return _chart(
        height=BAR_HEIGHT,
        mark={"type": "bar", "color": BLUE, "stroke": "#FFFFFF"},
        encoding={
            "x": low,
            "x2": {"field": "high"},
            "y": field("count") | {"title": y, "axis": {"tickCount": 4, "titleColor": INK}},
            "tooltip": [
                field("range", x, number=False),
                field("count", y),
            ],
        },
    )
