"""A configuration of one's own files as YAML, with a comment on each guess."""

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

WIDTH = 100


@dataclass
class Initial:
    """A configuration of one's own files that runs as it is.

    `dataset` is its block, in the order in which to write it, and `split` that of the split, if it
    differs from the default; `reasons` says for dotted keys of both (those of the split start with
    ``split.``) on what each guess rests; `checks` are sentences on what the user has to check.
    """

    dataset: dict[str, Any]
    reasons: dict[str, str] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    split: dict[str, Any] = field(default_factory=dict)


def overlay_text(found: Initial, command: str) -> str:
    """The text of a file for ``--configfile``.

    Parameters
    ----------
    found : Initial
    command : str
        The command that runs the configuration, for the comment at the top.
    """
    head = [
        "# Written by `blendmf init`; comments say on what each guess rests.",
        "# docs/how-to/own-data.md explains every key.",
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
