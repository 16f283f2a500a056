"""Tables as a reader returns them; each row can be traced to its line in the source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from blendmf.common.errors import UserError

GENRES_TYPE = pd.ArrowDtype(pa.list_(pa.string()))
MISSING = ("", "-", "--", "?", "na", "n/a", "nan", "null", "none", "<na>", "\\n")
"""Texts that stand for a missing value, in lower case."""

FILL_IN = "Fill them in, or remove the rows."
"""Remedy of missing values."""

ROWS_SHOWN = 3
"""Number of bad rows that an error message shows."""


@dataclass(frozen=True)
class Finding:
    """A peculiarity of a file that did not stop the import; reported in `source.json`.

    `count` is the number of rows, items, tags or columns, `what` says what was found and done,
    `dropped` is whether rows were left out, and `doubtful` whether results may be wrong for it.
    """

    file: str
    count: int
    what: str
    dropped: bool = False
    doubtful: bool = False


@dataclass(frozen=True)
class RawTable:
    """Rows of one file, in the file's order.

    `rows` has columns named as in the canonical tables; ids are int64 or a categorical of strings.
    `where` maps row numbers (from 0, ascending) to texts such as ``"line 7 (1, 31, 2.5, 126)"``.
    """

    rows: pd.DataFrame
    file: str
    where: Callable[[Sequence[int]], list[str]]
    findings: tuple[Finding, ...] = ()

    def rows_at(self, kept: NDArray[np.int64]) -> "RawTable":
        """The table with only the rows of these numbers, in ascending order."""

        def where(rows: Sequence[int]) -> list[str]:
            return self.where([int(kept[row]) for row in rows])

        rows = self.rows.iloc[kept].reset_index(drop=True)
        return replace(self, rows=rows, where=where)

    def require(self, good: NDArray[np.bool_], what: str, remedy: str) -> None:
        """Refuse the table unless every row is good.

        `good` has the shape (n_rows,). `what` describes a bad row and follows a count, such as
        ``"rating(s) that are not a number"``; `remedy` is a sentence. The `UserError` names the
        file, the number of bad rows and the lines of the first of them.
        """
        bad = np.flatnonzero(~np.asarray(good, dtype=bool))
        if len(bad):
            shown = self.where([int(row) for row in bad[:ROWS_SHOWN]])
            raise bad_rows(self.file, len(bad), what, shown, remedy)

    def require_read(
        self, name: str, read: NDArray[np.bool_], what: str, remedy: str, without: str = FILL_IN
    ) -> None:
        """Refuse the table unless every value of a column was read.

        `read` has the shape (n_rows,). If all other rows have no value, the remedy is `without`;
        otherwise `what` and `remedy` are as in `require`.
        """
        others = self.rows[name][~read].astype("str").str.strip().str.lower()
        if (others.isna() | others.isin(MISSING)).all():
            what, remedy = f"row(s) without {name}", without
        self.require(read, what, remedy)


@dataclass(frozen=True)
class RawTables:
    """Tables of a source: ratings and, if it has any, what describes items, tags, and users."""

    ratings: RawTable
    items: RawTable | None = None
    tags: RawTable | None = None
    users: RawTable | None = None

    @property
    def by_name(self) -> dict[str, RawTable]:
        """The tables that there are, by their names."""
        named = {"ratings": self.ratings, "items": self.items, "tags": self.tags}
        named["users"] = self.users
        return {name: table for name, table in named.items() if table is not None}


def bad_rows(file: str, count: int, what: str, shown: Sequence[str], remedy: str) -> UserError:
    """Error about `count` bad rows of a file, the first of which are shown."""
    rest = ", ..." if count > len(shown) else ""
    return UserError(f"{file}: {count} {what}: {', '.join(shown)}{rest}. {remedy}")
