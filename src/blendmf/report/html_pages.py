"""Tables and facts as pages of HTML: self-contained, without scripts, light or dark."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from blendmf.common.files import place_in_results
from blendmf.report.number_format import column_format, in_words, is_number

INDENT = 1.5
"""Width in em by which a page of facts sets off what lies within a fact."""

STYLE = """\
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
.facts td { overflow-wrap: anywhere; }"""


def table_page(
    table: pd.DataFrame,
    title: str,
    *,
    file: str,
    note: str | Sequence[str] = "",
    rows: int | None = None,
) -> str:
    """Page of a table, its numbers written as `blendmf.report.number_format.column_format` has it.

    Parameters
    ----------
    table : DataFrame
        Without its index; the columns' names head the page's columns.
    title : str
    file : str
        Where the same table is with all digits and rows; the page names it.
    note : str or sequence of str, optional
        A paragraph above the table, or several.
    rows : int, optional
        Show the first so many rows alone.

    Returns
    -------
    str
        HTML; the same for the same table.
    """
    shown = table if rows is None else table.head(rows)
    classes = [' class="number"' if is_number(table[name]) else "" for name in table]
    formats = [column_format(table[name]) for name in table]
    head = "".join(
        f"<th{of_class}>{_breakable(str(name))}</th>"
        for name, of_class in zip(table, classes, strict=True)
    )
    body = "\n".join(
        _row(
            f"<td{of_class}>{escape(form(value))}</td>"
            for value, form, of_class in zip(values, formats, classes, strict=True)
        )
        for values in shown.itertuples(index=False, name=None)
    )
    place = place_in_results(file)
    count = f"{len(table):,} row{'' if len(table) == 1 else 's'}"
    if len(shown) < len(table):
        origin = f"The first {len(shown):,} of {count}; all of them are in {place}."
    else:
        origin = f"{count}, with all digits in {place}."
    return _page(
        title,
        [*([note] if isinstance(note, str) else note), origin],
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>",
    )


def facts_page(facts: Mapping[str, Any], title: str, *, file: str) -> str:
    """Page of nested facts: one line for each, indented as deep as it lies.

    Parameters
    ----------
    facts : mapping
        What a JSON document can hold, its keys in the order to be shown.
    title : str
    file : str
        Where the same facts are as JSON; the page names it.

    Returns
    -------
    str
        HTML; the same for the same facts.
    """
    place = place_in_results(file)
    lines = "\n".join(_fact_line(*fact) for fact in _facts(facts, 0))
    table = f'<table class="facts">\n<tbody>\n{lines}\n</tbody>\n</table>'
    return _page(title, [f"The same as JSON is in {place}."], table)


def _page(title: str, paragraphs: list[str], body: str) -> str:
    text = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs if paragraph)
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{STYLE}
</style>
</head>
<body>
<h1>{escape(title)}</h1>
{text}
{body}
</body>
</html>
"""


def _row(cells: Iterable[str]) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def _breakable(name: str) -> str:
    """A column's name that may go on in the next line after an underscore."""
    return escape(name).replace("_", "_<wbr>")


Fact = tuple[str, str | None, int]
"""A fact's name, its value (None: what follows lies within it) and its depth."""


def _facts(facts: Mapping[str, Any], depth: int, moments: bool = False) -> Iterator[Fact]:
    for name, value in facts.items():
        of_time = moments or "timestamp" in name
        nested = _nested(value)
        if nested:
            yield name, None, depth
            yield from _facts(nested, depth + 1, of_time)
        else:
            yield name, in_words(value, moment=of_time), depth


def _nested(value: Any) -> Mapping[str, Any]:
    """What lies within a value: a mapping's facts, or the numbered mappings of a list."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
        return {str(number): entry for number, entry in enumerate(value, start=1)}
    return {}


def _fact_line(name: str, value: str | None, depth: int) -> str:
    style = f' style="padding-left: {0.75 + INDENT * depth}em"'
    if value is None:
        return f'<tr><th class="group" colspan="2"{style}>{escape(name)}</th></tr>'
    return f"<tr><th{style}>{escape(name)}</th><td>{escape(value)}</td></tr>"
