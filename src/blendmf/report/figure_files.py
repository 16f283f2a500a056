"""Files of figures and charts: SVG for pages and phones in light and dark mode, PNG or PDF."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from html import escape
from io import BytesIO, StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

from matplotlib.figure import Figure

from blendmf.common.files import PathLike, replacing, write_text
from blendmf.report.figures.style import shared_look
from blendmf.report.palette import DARK, DARK_FILTER, FONT, LIGHT

NARROW = "-narrow"
"""Suffix of the names of files for phones."""

PNG_DPI = 200

STYLE = (
    f"<style>svg.adaptive{{background:{LIGHT}}}@media(prefers-color-scheme:dark)"
    f"{{svg.adaptive{{background:{DARK}}}svg.adaptive>g{{filter:{DARK_FILTER}}}}}</style>"
)

OPENING = re.compile("^.*?<svg ", re.DOTALL)
"""What precedes the attributes of an SVG's root: the declarations of XML, which HTML has not."""

INDENTATION_AND_COMMENTS = re.compile("^ +(<!--.*-->\n)?", re.MULTILINE)
FONT_FAMILY = re.compile('; font-family: [^;"]*')
"""Removed from the SVG files that Matplotlib writes, with the indentation a third of their size."""

NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def write_figure(
    path: PathLike, plot: Callable[[bool], Figure], title: str, formats: Collection[str] = ()
) -> None:
    """Write a figure as SVG, as ``NAME-narrow.svg`` for phones, and in the other formats.

    `plot` draws it; its argument says whether for phones. `title` is the alternative text.
    """
    figure = plot(False)
    save_figure(path, figure, title)
    save_figure(narrow_path(path), plot(True), title)
    with shared_look():
        for suffix in formats:
            content = BytesIO()
            figure.savefig(
                content,
                format=suffix,
                dpi=PNG_DPI,
                facecolor=LIGHT,
                metadata={"CreationDate": None, "Title": title} if suffix == "pdf" else None,
            )
            _write_bytes(path, suffix, content.getvalue())


def save_figure(path: PathLike, figure: Figure, title: str) -> None:
    """Write a figure as SVG: text as text, no date, the same bytes for the same figure.

    `title` is the alternative text for screen readers.
    """
    content = StringIO()
    with shared_look():
        figure.savefig(content, format="svg", metadata=NO_METADATA)
    svg = FONT_FAMILY.sub("", INDENTATION_AND_COMMENTS.sub("", content.getvalue()))
    write_text(path, adaptive(svg, title))


def write_chart(
    path: PathLike,
    chart: Callable[[bool], Mapping[str, Any]],
    formats: Collection[str] = (),
) -> None:
    """Write a Vega-Lite chart as JSON, as SVG, both also for phones, and in the other formats.

    `chart` makes its specification; its argument says whether for phones. The alternative text is
    the specification's ``description``.
    """
    specification = chart(False)
    _save_chart(path, specification)
    _save_chart(narrow_path(path), chart(True))
    if "png" in formats:
        png = _converter().vegalite_to_png(specification, ppi=PNG_DPI)
        _write_bytes(path, "png", png)
    if "pdf" in formats:
        _write_bytes(path, "pdf", _converter().vegalite_to_pdf(specification))


def _save_chart(path: PathLike, specification: Mapping[str, Any]) -> None:
    text = json.dumps(specification, separators=(",", ":"), allow_nan=False)
    write_text(Path(path).with_suffix(".json"), f"{text}\n")
    svg = _converter().vegalite_to_svg(specification)
    write_text(path, adaptive(svg, specification["description"]))


def _write_bytes(path: PathLike, suffix: str, content: bytes) -> None:
    with replacing(Path(path).with_suffix(f".{suffix}")) as temporary:
        temporary.write_bytes(content)


@cache
def _converter() -> ModuleType:
    import vl_convert

    return vl_convert


def adaptive(svg: str, title: str) -> str:
    """Make an SVG follow the reader's light or dark mode, and name it for screen readers."""
    opening = f'<svg class="adaptive" role="img" font-family="{FONT}" '
    svg = OPENING.sub(lambda _: opening, svg, count=1)
    return svg.replace(">", f"><title>{escape(title, quote=False)}</title>{STYLE}", 1)


def narrow_path(path: PathLike) -> Path:
    """Path of the figure for phones."""
    return Path(path).with_stem(Path(path).stem + NARROW)
