"""What a figure shows, for tests of figures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.text import Text

from blendmf.report.figure_files import save_figure


def texts_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text)]


def saved(draw: Callable[[], Figure], folder: Path, **settings: Any) -> str:
    """SVG of a figure that is drawn and saved under a user's settings."""
    with mpl.rc_context({name.replace("_", "."): value for name, value in settings.items()}):
        save_figure(folder / "figure.svg", draw(), "what it <shows>")
    return (folder / "figure.svg").read_text()
