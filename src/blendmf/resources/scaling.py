"""How the time and the memory of every rule grow with the number of ratings.

A job takes time and memory for its start, whatever the data: the interpreter, the libraries, the
code compiled for it. The job of the same rule on the smallest data set stands for that, and what
the others take beyond it is held against the ratings.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from blendmf.common.files import parts_below
from blendmf.common.job_log import logged_usage

BYTES_PER_RATING = 28
"""A rating as the tables have it: two 64-bit ids, a 32-bit rating, a 64-bit timestamp."""

MIB = 2**20

NOTICEABLE = {"processor_seconds": 0.5, "peak_mib": 16.0}
"""What a job must take beyond its start for its growth to be told from noise."""

COLUMNS = [
    "rule",
    "model",
    "ratings",
    "seconds",
    "processor_seconds",
    "peak_mib",
    "start_seconds",
    "start_mib",
    "bytes_per_rating",
    "times_ratings",
    "time_exponent",
    "memory_exponent",
]


def scaling(jobs: Iterable[tuple[Path, Path]], ratings: Mapping[str, int]) -> pd.DataFrame:
    """Time and memory of every rule by number of ratings.

    Parameters
    ----------
    jobs : iterable of (Path, Path)
        Snakemake's benchmark file of a job, ``.../DATA_SET/benchmarks/RULE[/MODEL/...].tsv``, and
        the log that `blendmf.common.job_log.job` wrote.
    ratings : mapping of str to int
        Ratings of each data set; the smallest one tells what the start of a job takes.

    Returns
    -------
    DataFrame
        One row for each rule, model (empty where a rule has none) and number of ratings.
        ``seconds`` and ``processor_seconds`` are the mean, ``peak_mib`` the maximum of the jobs;
        other work on the machine lengthens the former alone. ``start_seconds`` (of the processor)
        and ``start_mib`` are those of the smallest data set. ``bytes_per_rating`` is the memory
        beyond the start, ``times_ratings`` the same in units of the ratings table
        (`BYTES_PER_RATING`). ``*_exponent`` is the slope of a line through the logarithms of what
        the larger data sets take of processor and memory beyond the start: 1 is linear growth;
        empty where fewer than two of them take enough to tell (`NOTICEABLE`).
    """
    table = pd.DataFrame([_job(benchmark, log, ratings) for benchmark, log in jobs])
    by_size = table.groupby(["rule", "model", "ratings"], sort=False)
    table = by_size.agg(
        seconds=("seconds", "mean"),
        processor_seconds=("processor_seconds", "mean"),
        peak_mib=("peak_mib", "max"),
    ).reset_index()
    rules = [_against_start(rows) for _, rows in table.groupby(["rule", "model"], sort=False)]
    return pd.concat(rules, ignore_index=True)[COLUMNS]


def _job(benchmark: Path, log: Path, ratings: Mapping[str, int]) -> dict[str, object]:
    below = parts_below(benchmark.with_suffix(""), "benchmarks")
    data_set = benchmark.parts[-len(below) - 2]
    rule, model, *_ = (*below, "")
    processor_seconds, peak_mib = logged_usage(log)
    return {
        "rule": rule,
        "model": model,
        "ratings": ratings[data_set],
        "seconds": float(pd.read_csv(benchmark, sep="\t")["s"].mean()),
        "processor_seconds": processor_seconds,
        "peak_mib": peak_mib,
    }


def _against_start(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one rule and model, with what hangs on the smallest data set among them."""
    rows = rows.sort_values("ratings", ignore_index=True)
    start, larger = rows.iloc[0], rows.iloc[1:]
    beyond_start = ((rows["peak_mib"] - start["peak_mib"]) * MIB).clip(lower=0)
    bytes_per_rating = (beyond_start / rows["ratings"]).where(rows.index > 0)
    return rows.assign(
        start_seconds=start["processor_seconds"],
        start_mib=start["peak_mib"],
        bytes_per_rating=bytes_per_rating,
        times_ratings=bytes_per_rating / BYTES_PER_RATING,
        time_exponent=_exponent(larger, start, "processor_seconds"),
        memory_exponent=_exponent(larger, start, "peak_mib"),
    )


def _exponent(larger: pd.DataFrame, start: pd.Series, column: str) -> float:
    beyond_start = larger[column] - start[column]
    told = beyond_start >= NOTICEABLE[column]
    if told.sum() < 2:
        return np.nan
    slope, _ = np.polyfit(np.log(larger["ratings"][told]), np.log(beyond_start[told]), 1)
    return float(slope)
