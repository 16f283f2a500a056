"""Tables, facts and figures as self-contained HTML without scripts, in light and dark mode."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from blendmf.common.files import place_in_results
from blendmf.report.number_format import column_format, in_words, is_number

SVG_TITLE = re.compile("<title>(.*?)</title>", re.DOTALL)

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark; --rule: color-mix(in srgb, CanvasText 20%, Canvas); }
body { margin: 1.5rem; font: 0.875rem/1.45 system-ui, sans-serif;
       color: CanvasText; background: Canvas; }
h1 { margin: 0 0 0.5rem; font-size: 1.25rem; }
p { max-width: 48rem; margin: 0 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.75rem; text-align: left; vertical-align: top;
         border-bottom: 1px solid var(--rule); }
td { max-width: 40rem; overflow-wrap: break-word; }
td:first-child { white-space: nowrap; }
thead th { position: sticky; top: 0; vertical-align: bottom; background: Canvas;
           box-shadow: 0 1px CanvasText; }
tbody th { font-weight: normal; white-space: nowrap; }
tbody th.group { font-weight: 600; }
tbody tr:hover { background: color-mix(in srgb, CanvasText 7%, Canvas); }
.number { text-align: right; white-space: nowrap; }
.facts td { overflow-wrap: anywhere; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
{% for paragraph in paragraphs if paragraph %}
<p>{{ paragraph }}</p>
{% endfor %}
{% if facts is defined %}
<table class="facts">
<tbody>
{% for name, value, depth in facts %}
{% set indent = 'style="padding-left: %sem"'|safe % (0.75 + 1.5 * depth) %}
{% if value is none %}
<tr><th class="group" colspan="2" {{ indent }}>{{ name }}</th></tr>
{% else %}
<tr><th {{ indent }}>{{ name }}</th><td>{{ value }}</td></tr>
{% endif %}
{% endfor %}
{% else %}
{% macro row(tag, cells) %}
<tr>{% for cell in cells %}
<{{ tag }}{{ ' class="number"'|safe if numeric[loop.index0] }}>{{ cell }}</{{ tag }}>
{%- endfor %}</tr>
{% endmacro %}
<table>
<thead>
{{ row("th", names) }}</thead>
<tbody>
{% for cells in rows %}
{{ row("td", cells) }}
{%- endfor %}
{% endif %}
</tbody>
</table>
</body>
</html>
"""

TEMPLATE = Environment(
    autoescape=True, trim_blocks=True, undefined=StrictUndefined, keep_trailing_newline=True
).from_string(PAGE)

FIGURE = Markup(
    '<figure><img src="data:image/svg+xml;base64,{}" alt="{}"><figcaption>{}</figcaption></figure>'
)


def table_page(
    table: pd.DataFrame,
    title: str,
    *,
    file: str,
    note: str | Sequence[str] = "",
    rows: int | None = None,
) -> str:
    """Page of a table, its numbers formatted by `blendmf.report.number_format.column_format`.

    The columns' names are the header; the index is not shown. The page names `file`, which has the
    same table with all digits and all rows, and shows the first `rows` (default: all) below the
    paragraphs of `note`. The HTML is deterministic.
    """
    shown = table if rows is None else table.head(rows)
    columns = [list(map(column_format(table[name]), shown[name])) for name in table]
    place = place_in_results(file)
    count = f"{len(table):,} row{'' if len(table) == 1 else 's'}"
    if len(shown) < len(table):
        origin = f"The first {len(shown):,} of {count}; all of them are in {place}."
    else:
        origin = f"{count}, with all digits in {place}."
    return TEMPLATE.render(
        title=title,
        paragraphs=[*([note] if isinstance(note, str) else note), origin],
        # A long name may continue on the next line after an underscore.
        names=[escape(name).replace("_", Markup("_<wbr>")) for name in table],
        numeric=[is_number(table[name]) for name in table],
        rows=list(zip(*columns, strict=True)),
    )


def facts_page(facts: Mapping[str, Any], title: str, *, file: str) -> str:
    """Page of nested facts (JSON values): one line for each, indented by its depth.

    The page names `file`, the JSON file with the same facts. The HTML is deterministic.
    """
    paragraphs = [f"The same as JSON is in {place_in_results(file)}."]
    return TEMPLATE.render(title=title, paragraphs=paragraphs, facts=list(_facts(facts)))


def _facts(
    facts: Mapping[str, Any], depth: int = 0, moments: bool = False
) -> Iterator[tuple[str, str | None, int]]:
    """Name, value and depth of each fact; the value is None for a heading of nested facts."""
    for name, value in facts.items():
        of_time = moments or "timestamp" in name
        nested = value if isinstance(value, Mapping) else {}
        if isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
            nested = {str(number): entry for number, entry in enumerate(value, start=1)}
        if nested:
            yield name, None, depth
            yield from _facts(nested, depth + 1, of_time)
        else:
            yield name, in_words(value, moment=of_time), depth


def inline_figures(figures: Iterable[tuple[str, str]]) -> str:
    """Figures below each other, each with a caption, as HTML that needs no other file.

    A figure is the data of an ``img`` and not part of the page, so that its style sheet and the ids
    of its elements cannot affect the page or other figures. Each figure is an SVG document, whose
    ``title`` is the alternative text, and a caption of plain text.
    """
    lines = []
    for svg, caption in figures:
        title = SVG_TITLE.search(svg)
        alternative = unescape(title[1]) if title else ""
        lines.append(FIGURE.format(b64encode(svg.encode()).decode("ascii"), alternative, caption))
    return "\n".join(lines) + "\n"
