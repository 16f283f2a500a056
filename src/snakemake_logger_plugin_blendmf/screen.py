"""Lines on a terminal, with a live line below them, or in a file or pipe."""

import os
import shutil
import textwrap
from typing import TextIO

BOLD, RED, RESET, CLEAR = "\033[1m", "\033[31m", "\033[0m", "\r\033[K"
BAR = 12
"""Characters of the bar."""


class Screen:
    """Writes lines; on a terminal a live line stays below them.

    Parameters
    ----------
    stream : TextIO
        Where to write. It counts as a terminal if it says so and TERM is not ``dumb``.
    colour : bool
        Whether a terminal may get bold and red text.
    """

    def __init__(self, stream: TextIO, *, colour: bool = True) -> None:
        self._stream = stream
        self.is_terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._colour = colour and self.is_terminal
        self._live = ""

    def line(self, text: str, style: str = "") -> None:
        """Write one or more lines above the live line, the first one in a style."""
        live = self._live
        self.live("")
        first, *others = self._wrapped(text)
        if self._colour and style:
            first = f"{style}{first}{RESET}"
        self._write("\n".join([first, *others]) + "\n")
        self.live(live)

    def _wrapped(self, text: str) -> list[str]:
        """The lines of a text; those that a terminal would break are broken between words."""
        lines = text.split("\n")
        if not self.is_terminal:
            return lines
        wrapper = textwrap.TextWrapper(
            shutil.get_terminal_size().columns,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
            replace_whitespace=False,
        )
        return [part for line in lines for part in wrapper.wrap(line) or [""]]

    def live(self, text: str) -> None:
        """Replace the live line of a terminal; an empty text removes it."""
        if not self.is_terminal:
            return
        width = shutil.get_terminal_size().columns - 1
        shown = text if len(text) <= width else f"{text[: width - 1]}\N{HORIZONTAL ELLIPSIS}"
        if shown or self._live:
            self._write(f"{CLEAR}{shown}")
        self._live = text

    def _write(self, text: str) -> None:
        # A reader that has left, such as `head`, ends the output, not the run.
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            self.is_terminal = False


def bar(share: float) -> str:
    """A bar of `BAR` characters that is filled to a share between 0 and 1."""
    filled = round(BAR * min(max(share, 0.0), 1.0))
    return f"[{'#' * filled}{'.' * (BAR - filled)}]"
