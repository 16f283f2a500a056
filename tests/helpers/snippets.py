"""The fenced blocks of the documentation: commands, programs, configurations and outputs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

FENCE = re.compile(r"\s*(?P<ticks>`{3,})\s*(?P<language>[\w-]*)")
NOT_RUN = re.compile(r"\s*<!-- not run:?(?P<reason>.*)-->\s*")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes
    ----------
    line : int
        Line of the page on which the block begins.
    language : str
        Empty if the fence names none.
    text : str
    not_run : str or None
        Reason in the comment ``<!-- not run: REASON -->`` on the line before; None without it.
    """

    line: int
    language: str
    text: str
    not_run: str | None


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks of a page in their order.

    Raises
    ------
    ValueError
        If a block does not end, or a comment ``not run`` is not on the line before a block.
    """
    return list(_blocks(page.read_text(encoding="utf-8").splitlines()))


def _blocks(lines: list[str]) -> Iterator[Block]:
    fence: re.Match[str] | None = None
    start, reason = 0, None
    for number, line in enumerate(lines, start=1):
        if fence is not None:
            if line.strip() == fence["ticks"]:
                text = dedent("\n".join(lines[start : number - 1])) + "\n"
                yield Block(start, fence["language"], text, reason)
                fence, reason = None, None
        elif fence := FENCE.match(line):
            start = number
        elif reason is not None:
            raise ValueError(f"line {number}: no block follows the comment `not run`")
        elif comment := NOT_RUN.fullmatch(line):
            reason = comment["reason"].strip()
    if fence is not None or reason is not None:
        raise ValueError(f"line {len(lines)}: a block does not end, or none follows `not run`")
