"""Memory and time of finished jobs, compared with their requests and by size of the data."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from blendmf.common.files import parts_below, read_csv, reading
from blendmf.common.job_log import logged_request, logged_usage

MIB = 2**20
MB_PER_MIB = MIB / 10**6

BYTES_PER_RATING = 28
"""A rating in the tables: two 64-bit ids, a 32-bit rating, a 64-bit timestamp."""

NOTICEABLE = {"processor_seconds": 0.5, "peak_mib": 16.0}
"""Smallest usage above start-up at which growth is distinguishable from noise."""

USAGE_COLUMNS = [
    *("rule", "model", "jobs", "asked_mb", "used_mb", "asked_by_used"),
    *("asked_minutes", "used_minutes"),
]
SCALING_COLUMNS = [
    *("rule", "model", "ratings", "seconds", "processor_seconds", "peak_mib"),
    *("start_seconds", "start_mib", "bytes_per_rating", "times_ratings"),
    *("time_exponent", "memory_exponent"),
]
JOB_COLUMNS = [
    *("data_set", "rule", "model", "seconds", "processor_seconds", "peak_mib", "sampled_mib"),
    *("asked_mb", "asked_minutes"),
]


def read_jobs(jobs: Iterable[tuple[Path, Path]]) -> pd.DataFrame:
    """One row for each job, with the columns `JOB_COLUMNS`.

    A job is its benchmark file by Snakemake, ``DATA_SET/benchmarks/RULE[/MODEL/...].tsv``, and its
    log by `blendmf.common.job_log.job`. Jobs without both files are left out; one that did not
    succeed is a `UserError`. ``model`` is empty for a rule without models. ``peak_mib`` is the
    kernel's record of the process, ``sampled_mib`` the maximum that Snakemake sampled of it and its
    children; NaN where unknown, as are the requests of a job that logged none.
    """
    rows = []
    for benchmark, log in jobs:
        if not (benchmark.exists() and log.exists()):
            continue
        below = parts_below(benchmark.with_suffix(""), "benchmarks")
        rule, model, *_ = (*below, "")
        measured = read_csv(benchmark, sep="\t")
        with reading(benchmark):
            sampled = pd.to_numeric(measured["max_rss"], errors="coerce").max()
            seconds = float(measured["s"].mean())
        with reading(log):
            used, requested = logged_usage(log), logged_request(log) or (math.nan, math.nan)
        data_set = benchmark.parts[-len(below) - 2]
        rows.append((data_set, rule, model, seconds, *used, sampled, *requested))
    return pd.DataFrame(rows, columns=JOB_COLUMNS)


def usage(jobs: Iterable[tuple[Path, Path]]) -> pd.DataFrame:
    """Requested and used memory and time: `USAGE_COLUMNS`, a row for each rule and model.

    The row has the number of jobs, the maxima of MB and minutes requested and used, and the
    smallest ratio of requested to used memory. Memory used is the larger of a job's ``peak_mib``
    and ``sampled_mib``. The jobs are as for `read_jobs`; those without a logged request are left
    out.
    """
    table = read_jobs(jobs).dropna(subset="asked_mb")
    table = table.astype({"asked_mb": "int64", "asked_minutes": "int64"})
    table["used_mb"] = MB_PER_MIB * table[["peak_mib", "sampled_mib"]].max(axis=1)
    table["used_minutes"] = table["seconds"] / 60
    table["asked_by_used"] = table["asked_mb"] / table["used_mb"]
    maxima = dict.fromkeys(("asked_mb", "used_mb", "asked_minutes", "used_minutes"), "max")
    by_model = table.assign(jobs=1).groupby(["rule", "model"], sort=False)
    return by_model.agg({"jobs": "sum", **maxima, "asked_by_used": "min"}).reset_index()[
        USAGE_COLUMNS
    ]


def scaling(jobs: Iterable[tuple[Path, Path]], ratings: Mapping[str, int]) -> pd.DataFrame:
    """Time and memory: `SCALING_COLUMNS`, a row for each rule, model and number of ratings.

    `ratings` is the number of ratings of each data set; jobs (as for `read_jobs`) on the smallest
    one define the start-up costs ``start_seconds`` (of the processor) and ``start_mib``.
    ``seconds`` and ``processor_seconds`` are means over the jobs (only the former depends on other
    load), ``peak_mib`` is their maximum. ``bytes_per_rating`` is the memory above start-up,
    ``times_ratings`` the same in units of the ratings table (`BYTES_PER_RATING`). The exponents are
    the slopes of lines through the logarithms of processor time and memory above start-up: 1 is
    linear growth; NaN if fewer than two of the larger data sets use a noticeable amount
    (`NOTICEABLE`).
    """
    table = read_jobs(jobs)
    table["ratings"] = table["data_set"].map(ratings)
    means = {"seconds": "mean", "processor_seconds": "mean", "peak_mib": "max"}
    table = table.groupby(["rule", "model", "ratings"], sort=False).agg(means).reset_index()
    rules = [_above_start(rows) for _, rows in table.groupby(["rule", "model"], sort=False)]
    return pd.concat(rules, ignore_index=True)[SCALING_COLUMNS]


def _above_start(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.sort_values("ratings", ignore_index=True)
    start, larger = rows.iloc[0], rows.iloc[1:]
    above_start = ((rows["peak_mib"] - start["peak_mib"]) * MIB).clip(lower=0)
    bytes_per_rating = (above_start / rows["ratings"]).where(rows.index > 0)
    return rows.assign(
        start_seconds=start["processor_seconds"],
        start_mib=start["peak_mib"],
        bytes_per_rating=bytes_per_rating,
        times_ratings=bytes_per_rating / BYTES_PER_RATING,
        time_exponent=_exponent(larger, start, "processor_seconds"),
        memory_exponent=_exponent(larger, start, "peak_mib"),
    )


def _exponent(larger: pd.DataFrame, start: pd.Series, column: str) -> float:
    above_start = larger[column] - start[column]
    clear = above_start >= NOTICEABLE[column]
    if clear.sum() < 2:
        return np.nan
    slope, _ = np.polyfit(np.log(larger["ratings"][clear]), np.log(above_start[clear]), 1)
    return float(slope)
