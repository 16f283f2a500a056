"""Pieces of reStructuredText and of numbers in words, as the report's texts use them."""

import re
from collections.abc import Iterable, Sequence


def literal(name: object) -> str:
    """A name as it stands in the configuration."""
    return f"``{name}``"


def escaped(text: str) -> str:
    """Free text with nothing in it that reStructuredText would read as markup."""
    return re.sub(r"([\\*`|_<>])", r"\\\1", text)


def free_text(text: str) -> str:
    """One line of free text that may begin a paragraph, and is no list or heading by that."""
    line = escaped(" ".join(text.split()))
    return line if line.startswith("\\") or not line else f"\\{line}"


def section(title: str, *paragraphs: str) -> str:
    """A heading and the paragraphs under it that are not empty; nothing where all are."""
    heading = f"{title}\n{'-' * len(title)}"
    kept = [paragraph for paragraph in paragraphs if paragraph]
    return "\n\n".join([heading, *kept]) if kept else ""


def bullets(lines: Iterable[str]) -> str:
    """A list of one-line entries."""
    return "\n".join(f"* {line}" for line in lines)


def list_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first row is its header."""
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: auto", ""]
    for first, *others in (header, *rows):
        lines += [f"   * - {first}", *(f"     - {cell}" for cell in others)]
    return "\n".join(lines)


def html_file(path: str) -> str:
    """A file of HTML, to be taken in as it is; its path is seen from the text's own folder."""
    return f".. raw:: html\n   :file: {path}"
