"""Self-contained HTML pages: a frame, and the parts that a page is put together from.

A page needs no other file and no network. Its tables and charts are drawn in the browser from JSON
in the page; everything else is readable without scripts.
"""

import gzip
import json
import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from blendmf.report.number_format import in_words
from blendmf.report.pages.tables import Table
from blendmf.report.palette import DARK, DARK_FILTER, INK, LIGHT

TABLES, CHARTS, COMPARISON, EXPLORER = "tables", "charts", "comparison", "explorer"
"""What a page may include: DataTables, Vega-Lite, the choice of two models, the explorer."""

SCRIPTS = {
    TABLES: ("tables",),
    CHARTS: ("charts",),
    COMPARISON: ("comparison",),
    EXPLORER: (
        "explorer-data",
        "explorer-search",
        "explorer-parts",
        "explorer-users",
        "explorer-items",
        "explorer-map",
        "explorer-errors",
        "explorer",
    ),
}
"""Scripts of each, in the order in which a page has them."""

STYLE = (
    f":root{{--ink:light-dark({INK},#e6e8eb);--paper:light-dark({LIGHT},{DARK});"
    f"--chart-filter:{DARK_FILTER}}}"
)
"""What a page shares with the figures."""

ELEMENT_END = re.compile("<(/script|/style|!--)", re.IGNORECASE)
ID = re.compile(r'(\bid="|url\(#|href="#)')
SVG_CLASS = 'class="adaptive" role="img"'
SVG_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)

ENVIRONMENT = Environment(
    loader=PackageLoader("blendmf.report.pages", "assets"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
    keep_trailing_newline=True,
)


@dataclass(frozen=True)
class Section:
    """A part of a page with a heading.

    Attributes
    ----------
    title : str
    parts : sequence of Markup
        Its contents in order; empty ones are left out.
    """

    title: str
    parts: Sequence[Markup]

    @property
    def anchor(self) -> str:
        """Name of the section in addresses."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def page(
    title: str,
    sections: Iterable[Section],
    *,
    links: Mapping[str, str] | None = None,
    libraries: Collection[str] = (),
) -> str:
    """A page with its sections and a table of contents; the HTML is deterministic.

    Parameters
    ----------
    title : str
    sections : iterable of Section
        Those without contents are left out.
    links : mapping of str to str, optional
        Addresses of related pages by their name.
    libraries : collection of str
        Any of `TABLES`, `CHARTS`, `COMPARISON` and `EXPLORER`, which a page with such parts needs.
    """
    scripts = [name for library in SCRIPTS if library in libraries for name in SCRIPTS[library]]
    return ENVIRONMENT.get_template("page.html").render(
        title=title,
        sections=[section for section in sections if any(section.parts)],
        links=links or {},
        style=Markup(STYLE)
        + asset("page.css")
        + (asset("explorer.css") if EXPLORER in libraries else ""),
        scripts=[asset(f"{name}.js") for name in ["common", *scripts]],
        table_style=_in_script(_table_library("css")) if TABLES in libraries else "",
        libraries=[LIBRARIES[name]() for name in LIBRARIES if name in libraries],
    )


def asset(name: str) -> Markup:
    """Text of a style sheet or script of this package, for use in a page."""
    return _in_script(files(__package__).joinpath("assets", name).read_text(encoding="utf-8"))


def _table_library(kind: str) -> str:
    """DataTables, as the package itables ships it."""
    file = files("itables").joinpath("html", f"dt_bundle.{kind}")
    return file.read_text(encoding="utf-8")


@cache
def _packed_tables() -> Markup:
    return packed("table-library", _table_library("js"))


@cache
def _packed_charts() -> Markup:
    """Vega-Lite and what it needs, as the package vl-convert ships them."""
    import vl_convert

    return packed("chart-library", vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


LIBRARIES = {TABLES: _packed_tables, CHARTS: _packed_charts}


def packed(name: str, text: str) -> Markup:
    """Text for the page's scripts under an id, compressed: a quarter to a half of its size."""
    data = b64encode(gzip.compress(text.encode(), mtime=0)).decode()
    return Markup('<script type="text/plain" id="{}">{}</script>').format(name, data)


def _in_script(text: str) -> Markup:
    """Text of a script or style sheet that cannot end the element that it stands in."""
    return Markup(ELEMENT_END.sub(r"<\\\1", text))


def json_data(name: str, value: Any) -> Markup:
    """JSON for the page's scripts under an id; no text in it can end the script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    safe = text.replace("<", r"\u003c").replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")
    return Markup('<script type="application/json" id="{}">{}</script>').format(name, Markup(safe))


def heading(text: str) -> Markup:
    """A heading within a section."""
    return Markup("<h3>{}</h3>").format(text)


def paragraphs(*texts: str) -> Markup:
    """Plain text, one paragraph for each text that is not empty."""
    return Markup("\n").join(Markup("<p>{}</p>").format(text) for text in texts if text)


def table(name: str, data: Table) -> Markup:
    """A table that sorts, filters, searches and saves itself as CSV.

    `name` identifies it on the page. Without scripts, the page names the file with its rows.
    """
    return ENVIRONMENT.get_template("table.html").module.table(name, data, json_data)  # type: ignore[attr-defined]


def chart(name: str, wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> Markup:
    """An interactive chart, drawn where the page is.

    Parameters
    ----------
    name : str
        Identifies the chart on the page.
    wide, narrow : mapping
        Its specification in Vega-Lite, for a page and for a phone. The ``description`` is the
        alternative text, ``usermeta.hint`` says what a pointer does.
    """
    described = f"{wide['description']} {wide['usermeta']['hint']}".strip()
    return Markup(
        '<figure><div class="chart" role="region" tabindex="0" aria-label="{0}" data-chart="{1}">'
        "</div><figcaption>{0}</figcaption></figure>{2}"
    ).format(described, name, json_data(name, {"wide": wide, "narrow": narrow}))


def figure(name: str, wide: str, narrow: str | None = None, caption: str = "") -> Markup:
    """A figure as part of the page, so that its text can be found, copied and read aloud.

    Parameters
    ----------
    name : str
        Identifies the figure on the page.
    wide : str
        SVG document; its ``title`` states the finding and becomes the figure's caption.
    narrow : str, optional
        The same figure for a phone.
    caption : str
        Further plain text below the figure.
    """
    title = SVG_TITLE.search(wide)
    finding = Markup(title[1]) if title else Markup()
    drawings = [(wide, "wide" if narrow else "")] + ([(narrow, "narrow")] if narrow else [])
    svgs = [_inline(svg, f"{name}-{size}", finding, size) for svg, size in drawings]
    return Markup('<figure id="{}">{}<figcaption>{}{}</figcaption></figure>').format(
        f"figure-{name}", Markup("").join(svgs), finding, f" {caption}" if caption else ""
    )


def _inline(svg: str, prefix: str, finding: Markup, size: str) -> Markup:
    """An SVG document as an element of a page, whose ids are those of no other figure."""
    body = svg[svg.index("<svg") :]
    body = ID.sub(rf"\g<1>{prefix}-", SVG_TITLE.sub("", body))
    label = finding.replace('"', "&quot;")
    named = f'class="adaptive {size}" role="img" aria-label="{label}"'
    return Markup(body.replace(SVG_CLASS, named, 1))


def facts(values: Mapping[str, Any], *, summary: str = "") -> Markup:
    """Nested facts (JSON values), a line for each; closed under `summary` if there is one."""
    lines = list(_lines(values))
    return ENVIRONMENT.get_template("facts.html").module.facts(lines, summary)  # type: ignore[attr-defined]


def _lines(
    values: Mapping[str, Any], depth: int = 0, moments: bool = False
) -> Iterator[tuple[str, str | None, int]]:
    """Name, value and depth of each fact; the value is None for a heading of nested facts."""
    for name, value in values.items():
        of_time = moments or "timestamp" in name
        nested = value if isinstance(value, Mapping) else {}
        if isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
            nested = {str(number): entry for number, entry in enumerate(value, start=1)}
        if nested:
            yield name, None, depth
            yield from _lines(nested, depth + 1, of_time)
        else:
            yield name, in_words(value, moment=of_time), depth
