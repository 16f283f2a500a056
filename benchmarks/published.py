"""``make published``: this project's models on published splits, beside published systems.

    python -m benchmarks.published [RESULTS]

Reads the comparison of each split below the folder of results, and the systems of
``published.yaml``. Splits without results are left out, with one line each.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from benchmarks.docs_data import rows_of
from blendmf.common.errors import UserError
from blendmf.common.files import write_csv

PLAN = Path(__file__).with_name("published.yaml")
FURTHER_INFORMATION = ("words", "times", "graphs", "user features")
INFORMATION = ("ratings", "test part for stopping", *FURTHER_INFORMATION)
"""What a system may use."""
COLUMNS = ("split", "system", "rmse", "low", "high", "fits", "uses", "note", "source")


@dataclass(frozen=True)
class System:
    """A published system: its test RMSE on a split, what it uses, and where the figure is from."""

    system: str
    rmse: float
    uses: list[str]
    source: str
    note: str = ""

    def __post_init__(self) -> None:
        if unknown := set(self.uses).difference(INFORMATION):
            raise UserError(
                f"{self.system}: uses {', '.join(sorted(unknown))}; known: {', '.join(INFORMATION)}"
            )


@dataclass(frozen=True)
class Split:
    """A published split.

    Attributes
    ----------
    split : str
        Its name in the table.
    results : str
        Folder of its results, below that of all results.
    needs : str
        What it is made from.
    published : list of System
    """

    split: str
    results: str
    needs: str
    published: list[System]

    def table(self, results: Path) -> Path:
        """File with the errors of this project's models."""
        return results / self.results / "comparison/table.csv"


@dataclass(frozen=True)
class Plan:
    """The splits, and what each of this project's models uses."""

    ours: Mapping[str, list[str]]
    splits: list[Split]

    @classmethod
    def read(cls, path: Path = PLAN) -> "Plan":
        """The plan of a file such as ``published.yaml``."""
        plan = yaml.safe_load(path.read_text(encoding="utf-8"))
        splits = [
            Split(**{**split, "published": [System(**s) for s in split.get("published", [])]})
            for split in plan["splits"]
        ]
        return cls(plan["ours"], splits)


def compared(plan: Plan, results: Path) -> pd.DataFrame:
    """Every split that has results, with all systems by RMSE; columns `COLUMNS`."""
    rows = [
        row
        for split in plan.splits
        if split.table(results).is_file()
        for row in (*_ours(split, plan.ours, results), *_theirs(split))
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = {split.split: place for place, split in enumerate(plan.splits)}
    return table.sort_values(
        ["split", "rmse"],
        key=lambda column: column.map(order) if column.name == "split" else column,
        kind="stable",
        ignore_index=True,
    )


def _ours(split: Split, uses: Mapping[str, list[str]], results: Path) -> Iterator[dict[str, Any]]:
    table = pd.read_csv(split.table(results))
    for row in rows_of(table[table["model"].isin(list(uses))]):
        yield {
            "split": split.split,
            "system": f"blendmf {row.model}",
            "rmse": row.rmse,
            "low": row.rmse_low,
            "high": row.rmse_high,
            "fits": f"mean of {row.seeds} fits" if row.seeds > 1 else "single fit",
            "uses": ", ".join(uses[row.model]),
            "source": "this run",
        }


def _theirs(split: Split) -> Iterator[dict[str, Any]]:
    for system in split.published:
        yield {"split": split.split, **vars(system), "uses": ", ".join(system.uses)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the table, and name the splits that are left out."""
    parser = argparse.ArgumentParser(prog="benchmarks.published", description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, default=Path("results"))
    results, plan = parser.parse_args(arguments).results, Plan.read()
    for split in plan.splits:
        if not split.table(results).is_file():
            print(f"{split.split}: left out, it has no results; it needs {split.needs}")
    table = compared(plan, results)
    write_csv(results / "benchmarks/published.csv", table)
    print(table.drop(columns=["note", "source"]).to_string(index=False, na_rep=""))


if __name__ == "__main__":
    main()
