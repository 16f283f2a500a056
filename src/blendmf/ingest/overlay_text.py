"""A configuration of one's own files as YAML, with a comment on each guess."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from blendmf.ingest.initial import Initial

WIDTH = 100


def overlay_text(found: Initial, command: str) -> str:
    """The text of a file for ``--configfile``.

    Parameters
    ----------
    found : Initial
    command : str
        The command that runs the configuration, for the comment at the top.
    """
    head = [
        "# Written by `blendmf init`; comments say on what each guess rests. docs/data.md explains",
        "# every key.",
        f"#   {command}",
        "dataset:",
    ]
    split = ["split:", *_lines(found.split, found.reasons, "split.", "  ")] if found.split else []
    return "\n".join([*head, *_lines(found.dataset, found.reasons, "", "  "), *split]) + "\n"


def _lines(
    block: Mapping[str, Any], reasons: Mapping[str, str], prefix: str, indent: str
) -> Iterator[str]:
    for key, value in block.items():
        if reason := reasons.get(f"{prefix}{key}"):
            mark = f"{indent}# "
            yield from textwrap.wrap(
                reason, WIDTH, initial_indent=mark, subsequent_indent=mark, break_long_words=False
            )
        if isinstance(value, dict):
            yield f"{indent}{key}:"
            yield from _lines(value, reasons, f"{prefix}{key}.", f"{indent}  ")
        else:
            yield f"{indent}{key}: {_written(value)}"


def _written(value: Any) -> str:
    """A value on one line as YAML reads it again."""
    text = yaml.safe_dump([value], default_flow_style=True, width=float("inf"), allow_unicode=True)
    return text.strip()[1:-1]
