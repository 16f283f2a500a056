"""Tables of memory and time used by finished jobs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from blendmf.common.errors import UserError
from blendmf.resources.usage import (
    BYTES_PER_RATING,
    MB_PER_MIB,
    MIB,
    USAGE_COLUMNS,
    read_jobs,
    scaling,
    usage,
)

Paths = tuple[Path, Path]
RATINGS = {"small": 1_000, "middle": 1_000_000, "large": 16_000_000}
START_SECONDS, START_MIB = 1.5, 150.0


def job(
    folder: Path,
    name: str,
    mib: float = 10.0,
    requested: str = "",
    *,
    seconds: float = 60.0,
    max_rss: str = "NA",
) -> Paths:
    benchmark = folder / "benchmarks" / f"{name}.tsv"
    log = folder / "logs" / f"{name}.log"
    for file in (benchmark, log):
        file.parent.mkdir(parents=True, exist_ok=True)
    benchmark.write_text(f"s\th:m:s\tmax_rss\n{seconds + 0.5}\t0:00:01\t{max_rss}\n")
    used = f"processor time {seconds:.2f} s, peak memory {mib:.1f} MiB"
    log.write_text(f"something\n{used}{requested and f', asked for {requested}'}\n")
    return benchmark, log


def growing(
    folder: Path, name: str, exponent: float, seconds: float, mib: float
) -> Iterator[Paths]:
    """Jobs whose usage follows a power law up to these values on the largest data."""
    for data_set, ratings in RATINGS.items():
        share = (ratings / RATINGS["large"]) ** exponent
        used = START_MIB + mib * share
        yield job(folder / data_set, name, used, seconds=START_SECONDS + seconds * share)


def test_jobs_of_a_model_become_one_row_with_the_maxima(tmp_path: Path) -> None:
    table = usage(
        [
            job(tmp_path, "train/mf/seed-1", 100, "300 MB, 10 min", seconds=59.5),
            job(tmp_path, "train/mf/seed-2", 200, "600 MB, 20 min", seconds=89.5),
            job(tmp_path, "train/bias/seed-1", 50, "100 MB, 10 min"),
            job(tmp_path, "split", 10, "30 MB, 10 min"),
        ]
    )
    assert list(table.columns) == USAGE_COLUMNS
    assert list(zip(table["rule"], table["model"], table["jobs"], strict=True)) == [
        ("train", "mf", 2),
        ("train", "bias", 1),
        ("split", "", 1),
    ]
    row = table.iloc[0]
    assert (row["asked_mb"], row["asked_minutes"], row["used_minutes"]) == (600, 20, 1.5)
    assert row["used_mb"] == pytest.approx(200 * MB_PER_MIB)
    assert row["asked_by_used"] == pytest.approx(300 / (100 * MB_PER_MIB))


def test_memory_is_the_maximum_of_kernel_record_and_samples(tmp_path: Path) -> None:
    nan = float("nan")
    measured = {"record": (80, "12.5"), "children": (50, "90.5"), "sampled": (nan, "40.0")}
    jobs = [
        job(tmp_path, name, mib, "100 MB, 10 min", max_rss=max_rss)
        for name, (mib, max_rss) in {**measured, "neither": (nan, "NA")}.items()
    ]
    mib = usage(jobs)["used_mb"] / MB_PER_MIB
    assert mib.tolist() == pytest.approx([80.0, 90.5, 40.0, nan], nan_ok=True)


def test_jobs_without_a_log_or_a_request_are_left_out(tmp_path: Path) -> None:
    complete = job(tmp_path, "split", 10, "30 MB, 10 min")
    older = job(tmp_path, "matrices", 10)
    gone = (tmp_path / "benchmarks/gone.tsv", tmp_path / "logs/gone.log")
    assert usage([older, complete, gone])["rule"].tolist() == ["split"]
    assert usage([older]).empty
    assert list(usage([]).columns) == USAGE_COLUMNS


def test_an_unsuccessful_job_is_refused(tmp_path: Path) -> None:
    benchmark, log = job(tmp_path, "split")
    log.write_text("error: no\n")
    with pytest.raises(UserError, match="did not succeed"):
        read_jobs([(benchmark, log)])


def by_ratings(jobs: Iterator[Paths]) -> pd.DataFrame:
    return scaling(jobs, RATINGS).set_index("ratings")


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_exponents_describe_the_usage_above_start_up(tmp_path: Path, exponent: float) -> None:
    rows = by_ratings(growing(tmp_path, "split", exponent, seconds=400, mib=8000))
    assert rows["time_exponent"].to_numpy() == pytest.approx(exponent, abs=0.02)
    assert rows["memory_exponent"].to_numpy() == pytest.approx(exponent, abs=0.02)


def test_memory_is_stated_in_multiples_of_the_ratings_size(tmp_path: Path) -> None:
    twice = 2 * BYTES_PER_RATING * RATINGS["large"] / MIB
    rows = by_ratings(growing(tmp_path, "split", 1.0, seconds=10, mib=twice))
    assert rows["start_mib"].to_numpy() == pytest.approx(START_MIB, abs=0.1)
    assert rows.loc[16_000_000, "bytes_per_rating"] == pytest.approx(56, rel=0.01)
    assert rows.loc[16_000_000, "times_ratings"] == pytest.approx(2, rel=0.01)
    assert np.isnan(rows.loc[1_000, "times_ratings"])


def test_usage_close_to_start_up_has_no_exponent(tmp_path: Path) -> None:
    rows = by_ratings(growing(tmp_path, "pages", 1.0, seconds=0.2, mib=3))
    assert rows[["time_exponent", "memory_exponent"]].isna().all(axis=None)
    assert rows["times_ratings"].loc[16_000_000] < 0.1


def test_scaling_joins_the_jobs_of_a_model_and_separates_models(tmp_path: Path) -> None:
    jobs = [
        *growing(tmp_path, "train/mf/seed-1", 1.0, seconds=10, mib=100),
        *growing(tmp_path, "train/mf/seed-2", 1.0, seconds=30, mib=300),
        *growing(tmp_path, "train/svd/seed-1", 1.0, seconds=5, mib=50),
        *growing(tmp_path, "compare", 1.0, seconds=5, mib=50),
    ]
    rows = scaling(jobs, RATINGS).set_index(["rule", "model", "ratings"]).loc[:, :, 16_000_000]
    assert rows.index.tolist() == [("train", "mf"), ("train", "svd"), ("compare", "")]
    assert rows.loc[("train", "mf"), "processor_seconds"] == pytest.approx(21.5)
    assert rows.loc[("train", "mf"), "seconds"] == pytest.approx(22)
    assert rows.loc[("train", "mf"), "peak_mib"] == pytest.approx(450)
