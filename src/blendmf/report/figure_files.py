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
from blendmf.report.charts.vega import still
from blendmf.report.figures.style import shared_look
from blendmf.report.palette import DARK, DARK_FILTER, FONT, LIGHT

NARROW = "-narrow"
"""Suffix of the names of files for phones."""

PNG_DPI = 200

STYLE = (
    f"<style>svg.adaptive{{background:{LIGHT}}}@media(prefers-color-scheme:dark)"
    f"{{svg.adaptive{{background:{DARK}}}svg.adaptive>g{{filter:{DARK_FILTER}}}}}</style>"
)

ROOT = re.compile("^.*?<svg ([^>]*)>", re.DOTALL)
CLASS = re.compile(' class="[^"]*"')

CLIP = re.compile(r"\bclip\d+\b")
"""Names of clips in the SVG files that Vega writes."""

INDENTATION_AND_COMMENTS = re.compile("^ +(<!--.*-->\n)?", re.MULTILINE)
FONT_FAMILY = re.compile('; font-family: [^;"]*')
"""Removed from the SVG files that Matplotlib writes, with the indentation a third of their size."""

NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def write_figure(
    path: PathLike, plot: Callable[..., Figure], title: str, formats: Collection[str] = ()
) -> None:
    """Write a figure as SVG, as ``NAME-narrow.svg`` for phones, and in the other formats.

    `plot` draws it, for phones if its argument `narrow` is true. `title` is the alternative text.
    """
    figure = plot(narrow=False)
    save_figure(path, figure, title)
    save_figure(narrow_path(path), plot(narrow=True), title)
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
    chart: Callable[..., Mapping[str, Any]],
    formats: Collection[str] = (),
) -> None:
    """Write a Vega-Lite chart as SVG, as JSON for pages and phones, and in the other formats.

    `chart` makes its specification, for phones if its argument `narrow` is true. The alternative
    text is the specification's ``description``.
    """
    specification = chart(narrow=False)
    for of_form, content in ((path, specification), (narrow_path(path), chart(narrow=True))):
        text = json.dumps(content, separators=(",", ":"), allow_nan=False)
        write_text(Path(of_form).with_suffix(".json"), f"{text}\n")
    picture = still(specification)
    write_text(path, adaptive(_drawn(picture), specification["description"]))
    if formats:
        paper = _drawn(picture | {"background": LIGHT})
        if "png" in formats:
            _write_bytes(path, "png", _converter().svg_to_png(paper, ppi=PNG_DPI))
        if "pdf" in formats:
            _write_bytes(path, "pdf", _converter().svg_to_pdf(paper))


def _drawn(specification: Mapping[str, Any]) -> str:
    """A chart as SVG, its clips numbered from 1 and not on from those of earlier charts."""
    svg: str = _converter().vegalite_to_svg(specification)
    numbers = {name: n for n, name in enumerate(dict.fromkeys(CLIP.findall(svg)), start=1)}
    return CLIP.sub(lambda clip: f"clip{numbers[clip[0]]}", svg)


def _write_bytes(path: PathLike, suffix: str, content: bytes) -> None:
    with replacing(Path(path).with_suffix(f".{suffix}")) as temporary:
        temporary.write_bytes(content)


@cache
def _converter() -> ModuleType:
    import vl_convert

    return vl_convert


def adaptive(svg: str, title: str) -> str:
    """Make an SVG follow the reader's light or dark mode, and name it for screen readers."""
    root = ROOT.match(svg)
    assert root is not None
    attributes = f'class="adaptive" role="img" font-family="{FONT}" {CLASS.sub("", root[1])}'
    name = f"<title>{escape(title, quote=False)}</title>"
    return f"<svg {attributes}>{name}{STYLE}{svg[root.end() :]}"


def narrow_path(path: PathLike) -> Path:
    """Path of the figure for phones."""
    return Path(path).with_stem(Path(path).stem + NARROW)
