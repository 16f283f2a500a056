"""The explorer of one data set: a page on which any user and any item can be found."""

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from blendmf.report.charts.explorer import N_GENRES, explorer_charts
from blendmf.report.pages.page import (
    CHARTS,
    EXPLORER,
    TABLES,
    Section,
    json_data,
    packed,
    page,
    paragraphs,
)


def explorer_page(data: Mapping[str, Any], links: Mapping[str, str]) -> str:
    """The explorer as one self-contained HTML page.

    Parameters
    ----------
    data : mapping
        The explorer's data, as `results/README.md` describes ``explorer.json``.
    links : mapping of str to str
        Addresses of related pages by name.
    """
    shown = _Texts(data)
    sections = [
        Section("Users", [shown.sample(), shown.users(), _place("users")]),
        Section("Items", [shown.items(), _place("items")]),
        Section("Map", [shown.map(), _place("map")]),
        Section(
            "Errors",
            [
                shown.errors(),
                _place("errors"),
                json_data("explorer-charts", explorer_charts(data)),
                packed("explorer-data", _compact(data)),
            ],
        ),
    ]
    return page(
        f"Explorer of {data['dataset']}",
        sections,
        links=links,
        libraries=(TABLES, CHARTS, EXPLORER),
    )


def _compact(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _place(name: str) -> Markup:
    """Where the scripts draw a part of the page."""
    return Markup(
        '<div data-explorer="{}"></div><noscript><p>This part needs JavaScript.</p></noscript>'
    ).format(name)


class _Texts:
    """What each part shows and how to read it."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    def sample(self) -> Markup:
        """What is on the page, and what is not."""
        sample = self.data["sample"]
        parts = []
        for name in ("users", "items"):
            shown, total = sample[name]
            parts.append(f"all {total:,}" if shown == total else f"{shown:,} of {total:,}")
        text = f"This page has {parts[0]} users and {parts[1]} items of {self.data['dataset']}."
        return paragraphs(f"{text} {sample['how']}".strip())

    def users(self) -> Markup:
        """How to read what is shown of a user."""
        level = f"{self.data['level']:.0%}".replace("%", " %")
        return _explained(
            "Recommendations: models fitted on all ratings. Held-out predictions: the same kinds "
            "of models fitted on the training ratings alone.",
            "Held-out ratings show how well a model predicts what it has not read. An interval "
            f"should contain {level} of the ratings.",
            "A bar shows by how many rating points a part moved the score: “Word “war” +0.31” "
            "means that the word raised the score by 0.31 points, a bar to the left that the part "
            "lowered it. The user's own ratings are another view of the same score, not a further "
            "part of it: how much the score rests on each rating.",
        )

    def items(self) -> Markup:
        """How to read what is shown of an item."""
        return _explained(
            "Predicted ratings: the best model, fitted on all ratings. Errors: the fit on the "
            "training ratings alone.",
            "Two items are near by factors if the same users like them, and near by words if their "
            "contents use the same words. The number is the cosine: 1 for the same direction, 0 "
            "for nothing in common.",
        )

    def map(self) -> Markup:
        """How to read the map."""
        return _explained(
            f"A point is an item, and near points have similar factors. {self.data['map_method']}",
            "The axes have no unit. Colour and shape show the rarest of an item's genres among the "
            f"{N_GENRES} most frequent ones, grey if it has none of them; a click in the legend "
            "shows one genre alone. Drag to move, hold Ctrl and turn the wheel to zoom, click a "
            "point to open the item. The table below the map has the same points.",
        )

    def errors(self) -> Markup:
        """How to read the errors."""
        return _explained(
            "Errors on the held-out ratings, the worst cases first; models fitted on the training "
            "ratings alone, seed 1.",
            "RMSE is the typical size of an error in rating points. Bias is the mean of predicted "
            "minus actual: a negative one means that the model expects too little. A case with few "
            "held-out ratings can have a large error by chance; the least number of held-out "
            "ratings leaves such cases out.",
        )


def _explained(short: str, *more: str) -> Markup:
    """A sentence, and how to read a part for those who ask."""
    return paragraphs(short) + Markup(
        "<details><summary>How to read it</summary>{}</details>"
    ).format(paragraphs(*more))
