"""A run's own models beside figures that others reached on the same data."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from blendmf.report.number_format import MISSING
from blendmf.report.rst import free_text, list_table, literal

OWN_COLUMNS = {
    "model": "system",
    "rmse": "rmse",
    "mae": "mae",
    "rated_precision_at_k": "precision",
    "rated_recall_at_k": "recall",
}
FIGURES = ["rmse", "mae", "precision", "recall"]


def beside_published(
    table: pd.DataFrame, published: Sequence[Mapping[str, Any]], k: int
) -> tuple[str, str]:
    """The table of both, lowest RMSE first, and how to read it.

    Parameters
    ----------
    table : DataFrame
        The comparison: `model, rmse, mae, rated_precision_at_k, rated_recall_at_k`.
    published : sequence of mapping
        The configuration's block: each with a `system` and any of `rmse`, `mae`, `precision`,
        `recall` and `note`.
    k : int
        Length of the ranked lists.

    Returns
    -------
    (str, str)
        Pieces of reStructuredText, both empty where nothing is published. Models without an
        RMSE come last.
    """
    if not published:
        return "", ""
    own = table.rename(columns=OWN_COLUMNS)
    own["system"] = [f"**{name}**" for name in own["system"]]
    others = pd.DataFrame(published).reindex(columns=["system", *FIGURES])
    others["system"] = [_system(entry) for entry in published]
    number = dict.fromkeys(FIGURES, "float64")
    both = pd.concat([part[["system", *FIGURES]].astype(number) for part in (own, others)])
    rows = [
        [system, *(f"{x:.4f}" if pd.notna(x) else MISSING for x in figures)]
        for system, *figures in both.sort_values("rmse", kind="stable").itertuples(index=False)
    ]
    header = ["System", "RMSE", "MAE", f"Precision\\@{k}, rated", f"Recall\\@{k}, rated"]
    reading = (
        "Bold: models of this run; all others are quoted from the configuration "
        f"({literal('published')}), and compare only if they were measured on the same split, in "
        "the same way."
    )
    return list_table(header, rows), reading


def _system(entry: Mapping[str, Any]) -> str:
    """A published system's name and the note on it."""
    note = entry.get("note")
    return free_text(f"{entry['system']} ({note})" if note else entry["system"])
