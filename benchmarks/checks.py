"""Figures that are known beforehand beside those that were found."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

COLUMNS = [
    *("protocol", "data_set", "system", "compared_with", "metric"),
    *("known", "found", "difference", "tolerance", "outcome", "note"),
]

AGREES, OFF, SKIPPED = "agrees", "off", "skipped"


@dataclass(frozen=True)
class Check:
    """One figure.

    Attributes
    ----------
    protocol, data_set, system, metric : str
        What was found, and how.
    compared_with : str
        Where the known figure comes from: who published it, or another system of the same run.
    known : float
    found : float
        NaN where nothing was found, for the reason that the note gives.
    tolerance : float
        Largest difference that counts as agreement.
    skipped : bool
        Not tried; the note says why.
    note : str
    """

    protocol: str
    data_set: str
    system: str
    compared_with: str
    metric: str
    known: float
    found: float
    tolerance: float
    skipped: bool = False
    note: str = ""

    @property
    def difference(self) -> float:
        """Found less known."""
        return self.found - self.known

    @property
    def outcome(self) -> str:
        """``agrees``, ``off`` or ``skipped``; what is not a number is off."""
        if self.skipped:
            return SKIPPED
        agrees = not math.isnan(self.difference) and abs(self.difference) <= self.tolerance
        return AGREES if agrees else OFF

    def __str__(self) -> str:
        named = f"{self.protocol}, {self.data_set}, {self.system}, {self.metric}"
        if self.note and math.isnan(self.found):
            return f"{named}: {self.note}"
        found = f"{self.found:.6g} where {self.compared_with} has {self.known:.6g}"
        return f"{named}: {found} (tolerance {self.tolerance:g})"


def table_of(checks: Sequence[Check]) -> pd.DataFrame:
    """All checks with the columns of `COLUMNS`, in their order."""
    rows = [{column: getattr(check, column) for column in COLUMNS} for check in checks]
    return pd.DataFrame(rows, columns=COLUMNS)


def verdict(checks: Sequence[Check]) -> tuple[bool, str]:
    """Whether every figure that was tried agrees, and what to tell: each row that is off, by name.

    Rows that were skipped are told as such. Nothing tried is not agreement.
    """
    lines_of: dict[str, list[str]] = {AGREES: [], OFF: [], SKIPPED: []}
    for check in checks:
        lines_of[check.outcome].append(str(check))
    told = [f"off: {line}" for line in lines_of[OFF]]
    notes = dict.fromkeys(
        f"{check.data_set}, {check.system}: {check.note}" for check in checks if check.skipped
    )
    told += [f"skipped, not checked: {note}" for note in notes]
    n_tried = len(lines_of[AGREES]) + len(lines_of[OFF])
    told.append(f"{len(lines_of[AGREES])} of {n_tried} figures agree with the known ones")
    return n_tried > 0 and not lines_of[OFF], "\n".join(told)
