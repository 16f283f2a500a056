"""Results that must be byte-identical in two runs of an experiment."""

from pathlib import Path

import pandas as pd

from blendmf.common.files import read_json

TIMED = (
    *("rank-sweep.svg", "rank-sweep-narrow.svg", "manifest.json", "usage.csv"),
    *("report.html", "index.html"),
)
"""Files that depend on run time or the machine."""

NO_RESULTS = ("results/archive.html", "results/configuration.json", "results/README.md")
"""Files that are not results of a run."""

OF_THE_MACHINE = ("seconds", "threads", "ratings_per_second")
"""Fields and columns to ignore in other files."""


def written(folder: Path) -> dict[str, Path]:
    """Comparable files of a run, by path."""
    files = (path for path in (folder / "results").rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {
        name: path
        for name, path in named.items()
        if not {"logs", "benchmarks"} & set(path.parts) and path.name not in TIMED
        if name not in NO_RESULTS
        if not path.name.startswith(".")
    }


def comparable(path: Path) -> bytes:
    """Contents of a file without `OF_THE_MACHINE`."""
    match path.name:
        case "fit.json":
            facts = read_json(path)
            return repr([item for item in facts.items() if item[0] not in OF_THE_MACHINE]).encode()
        case "rank-sweep.csv":
            return pd.read_csv(path, dtype=str).drop(columns="seconds").to_csv().encode()
    return path.read_bytes()
