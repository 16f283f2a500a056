"""Pieces of reStructuredText."""

import re
from collections.abc import Iterable, Sequence


def literal(name: object) -> str:
    """A name from the configuration, in monospace."""
    return f"``{name}``"


def escaped(text: str) -> str:
    """Free text without anything that reStructuredText reads as markup."""
    return re.sub(r"([\\*`|_<>])", r"\\\1", text)


def free_text(text: str) -> str:
    """One line of free text that may begin a paragraph without becoming a list or heading."""
    line = escaped(" ".join(text.split()))
    return line if line.startswith("\\") or not line else f"\\{line}"


def plain(text: str) -> str:
    """Text without the markup that this module and the outcome use, on one line."""
    text = re.sub(r"\\ ?:\w+:`([^`]*)`", r"\1", text)
    text = re.sub(r"``(.+?)``|\*\*(.+?)\*\*|(?<![\\*])\*([^*]+)\*", r"\1\2\3", text)
    return " ".join(re.sub(r"\\(.)", r"\1", text).split())


def section(title: str, *paragraphs: str) -> str:
    """A heading and its non-empty paragraphs; empty if all paragraphs are empty."""
    heading = f"{title}\n{'-' * len(title)}"
    kept = [paragraph for paragraph in paragraphs if paragraph]
    return "\n\n".join([heading, *kept]) if kept else ""


def bullets(lines: Iterable[str]) -> str:
    """A list of one-line entries."""
    return "\n".join(f"* {line}" for line in lines)


def list_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a header row."""
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: auto", ""]
    for first, *others in (header, *rows):
        lines += [f"   * - {first}", *(f"     - {cell}" for cell in others)]
    return "\n".join(lines)
