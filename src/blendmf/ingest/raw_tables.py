"""Tables as a source has them, each row still traceable to its line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.common.errors import UserError

OFFENDERS_SHOWN = 3


@dataclass(frozen=True)
class Finding:
    """Something that the import met and went on from; `source.json` tells it.

    Attributes
    ----------
    file : str
        Name of the file.
    count : int
        How many rows, items, tags or columns it concerns.
    what : str
        What was met and what was done about it.
    dropped : bool
        Whether rows were left out because of it.
    """

    file: str
    count: int
    what: str
    dropped: bool = False


@dataclass(frozen=True)
class RawTable:
    """Rows of one file, in the file's order.

    Attributes
    ----------
    rows : DataFrame
        Columns named as in the canonical tables; ids are int64 or a categorical of strings.
    file : str
        Name of the file.
    where : callable
        Maps row numbers (from 0, ascending) to texts such as ``"line 7 (1, 31, 2.5, 126)"``.
    findings : tuple of Finding
    """

    rows: pd.DataFrame
    file: str
    where: Callable[[Sequence[int]], list[str]]
    findings: tuple[Finding, ...] = ()

    def require(self, good: NDArray[np.bool_], what: str, remedy: str) -> None:
        """Refuse the table unless every row is good.

        Parameters
        ----------
        good : ndarray of bool, of shape (n_rows,)
        what : str
            What a bad row is, after a count, such as ``"rating(s) that are no number"``.
        remedy : str
            A sentence.

        Raises
        ------
        UserError
            With the file, the number of bad rows and the lines of the first of them.
        """
        bad = np.flatnonzero(~np.asarray(good, dtype=bool))
        if len(bad):
            shown = self.where([int(row) for row in bad[:OFFENDERS_SHOWN]])
            raise UserError(offence(self.file, len(bad), what, shown, remedy))


@dataclass(frozen=True)
class RawTables:
    """What a source has: ratings, and descriptions and tags where there are any."""

    ratings: RawTable
    items: RawTable | None = None
    tags: RawTable | None = None


def offence(file: str, count: int, what: str, shown: Sequence[str], remedy: str) -> str:
    """Message about `count` bad rows of a file, of which some are shown."""
    rest = ", ..." if count > len(shown) else ""
    return f"{file}: {count} {what}: {', '.join(shown)}{rest}. {remedy}"
