"""What two runs of one experiment must agree in to the last byte."""

from pathlib import Path

import pandas as pd

from blendmf.common.files import read_json

TIMED = (
    *("rank-sweep.html", "rank-sweep.svg", "manifest.json", "manifest.html"),
    *("usage.csv", "usage.html"),
)
"""Files that show seconds or the machine."""

NO_RESULTS = ("results/report.html", "results/configuration.json", "results/README.md")
"""Files beside those of a run."""

OF_THE_MACHINE = ("seconds", "threads", "ratings_per_second")
"""Facts and columns that the other files may have."""


def written(folder: Path) -> dict[str, Path]:
    """What a run has written and may be compared, by its path."""
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
    """A file's bytes, or all of it but `OF_THE_MACHINE`."""
    match path.name:
        case "fit.json":
            facts = read_json(path)
            return repr([item for item in facts.items() if item[0] not in OF_THE_MACHINE]).encode()
        case "rank-sweep.csv":
            return pd.read_csv(path, dtype=str).drop(columns="seconds").to_csv().encode()
    return path.read_bytes()
