"""Figures as one piece of HTML that needs no other file."""

import re
from base64 import b64encode
from collections.abc import Iterable
from html import escape

TITLE = re.compile("<title>(.*?)</title>", re.DOTALL)


def inline_figures(figures: Iterable[tuple[str, str]]) -> str:
    """Set figures below each other, each with a line that says how to read it.

    A picture goes in as the data of an ``img``: as such its style sheet and the names of its parts
    stay its own, which they would not as a part of the page.

    Parameters
    ----------
    figures : iterable of (str, str)
        Each an SVG document, its ``title`` being what a screen reader says, and a caption of plain
        text.
    """
    return "\n".join(_figure(svg, caption) for svg, caption in figures) + "\n"


def _figure(svg: str, caption: str) -> str:
    title = TITLE.search(svg)
    data = b64encode(svg.encode()).decode("ascii")
    return (
        f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{title[1] if title else ""}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
