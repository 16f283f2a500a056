"""What an earlier search of the same model found, for another one to begin with."""

import csv
from pathlib import Path

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike
from blendmf.search.space import Params

KNOWN = ("number", "generation", "state", "value", "finalist_mean", "epochs", "best_epoch")
"""Columns of a table of trials that are no parameters."""


def earlier_finalists(path: PathLike) -> list[Params]:
    """Parameters of a search's finalists, the lowest mean first.

    Their scores do not come along: they may be of other data, epochs or random numbers, so each
    point is a trial anew.

    Parameters
    ----------
    path : path
        The ``trials.csv`` of the search.

    Raises
    ------
    UserError
        If the file is no table of trials.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        ranked = sorted(
            (float(row["finalist_mean"]), int(row["number"]), row)
            for row in rows
            if row["finalist_mean"]
        )
        return [
            {name: float(x) for name, x in row.items() if name not in KNOWN and x}
            for _, _, row in ranked
        ]
    except (OSError, UnicodeDecodeError, KeyError, ValueError, TypeError) as error:
        raise UserError(
            f"{path}: no table of trials with their finalists ({error!r}); search.warm_start names "
            "the folder of an earlier search"
        ) from error
