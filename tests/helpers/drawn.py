"""What a figure shows, for tests of figures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
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


def small_matrix() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves and errors of the study of the small matrix."""
    iteration = np.arange(1, 201)
    curves = pd.concat(
        pd.DataFrame(
            {"method": method, "iteration": iteration, "squared_error": 0.1219 + excess**iteration}
        )
        for method, excess in (("gradient-descent", 0.8), ("per-entry-sgd", 0.99))
    )
    methods = ["truncated-svd", "gradient-descent", "per-entry-sgd"]
    errors = pd.DataFrame(
        {"method": methods, "squared_error": [0.1219, 0.1219, 0.2559], "bound": 0.1219}
    )
    return curves, errors


def curve(best_epoch: int = 12, epochs: int = 20, lowest: float = 0.95) -> pd.DataFrame:
    """Training history with the lowest validation error at one epoch."""
    epoch = np.arange(1, epochs + 1)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "train_rmse": 1.1 - 0.2 * epoch / epochs,
            "validation_rmse": lowest + 0.001 * (epoch - best_epoch) ** 2,
        }
    )
