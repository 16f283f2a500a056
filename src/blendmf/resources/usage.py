"""What the jobs of a run asked for, beside what they used."""

import math
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from blendmf.common.files import parts_below
from blendmf.common.job_log import logged_request, logged_usage

MB_PER_MIB = 2**20 / 10**6

COLUMNS = [
    "rule",
    "model",
    "jobs",
    "asked_mb",
    "used_mb",
    "asked_by_used",
    "asked_minutes",
    "used_minutes",
]


def usage(jobs: Iterable[tuple[Path, Path]]) -> pd.DataFrame:
    """Memory and time of every rule and model.

    Parameters
    ----------
    jobs : iterable of (Path, Path)
        Snakemake's benchmark file of a job, ``.../benchmarks/RULE[/MODEL/...].tsv``, and the log
        of `blendmf.common.job_log.job`. Jobs without these files, or whose log states no request,
        are left out.

    Returns
    -------
    DataFrame
        One row for each rule and model (empty where a rule has none): number of ``jobs``, and of
        these the most MB and minutes that were asked for and used, and the least ratio of MB asked
        for to MB used. A job's memory is the larger of what the kernel noted of its process
        (``VmHWM``) and of what Snakemake sampled of it and its children together.
    """
    table = pd.DataFrame(
        [_job(*paths) for paths in jobs if _is_told(*paths)],
        columns=COLUMNS,
    )
    most = dict.fromkeys(("asked_mb", "used_mb", "asked_minutes", "used_minutes"), "max")
    by_model = table.groupby(["rule", "model"], sort=False)
    summed = by_model.agg({"jobs": "sum", **most, "asked_by_used": "min"})
    return summed.reset_index()[COLUMNS]


def _is_told(benchmark: Path, log: Path) -> bool:
    return benchmark.exists() and log.exists() and logged_request(log) is not None


def _job(benchmark: Path, log: Path) -> tuple[str, str, int, int, float, float, int, float]:
    rule, model, *_ = (*parts_below(benchmark.with_suffix(""), "benchmarks"), "")
    measured = pd.read_csv(benchmark, sep="\t", keep_default_na=False).iloc[0]
    _, peak_mib = logged_usage(log)
    asked_mb, asked_minutes = logged_request(log) or (0, 0)
    peaks = [mib for mib in (_number(str(measured["max_rss"])), peak_mib) if not math.isnan(mib)]
    used_mb = MB_PER_MIB * max(peaks, default=math.nan)
    minutes = float(measured["s"]) / 60
    return rule, model, 1, asked_mb, used_mb, asked_mb / used_mb, asked_minutes, minutes


def _number(text: str) -> float:
    """What Snakemake sampled; it writes no number for a job that ended before."""
    return float(text) if re.fullmatch(r"[\d.]+", text) else math.nan
