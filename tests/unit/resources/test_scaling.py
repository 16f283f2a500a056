from pathlib import Path

import numpy as np
import pytest

from blendmf.resources.scaling import BYTES_PER_RATING, MIB, scaling

RATINGS = {"small": 1_000, "middle": 1_000_000, "large": 16_000_000}
START_SECONDS, START_MIB = 1.5, 150.0


def job(folder: Path, data_set: str, name: str, seconds: float, mib: float) -> tuple[Path, Path]:
    benchmark = folder / data_set / "benchmarks" / f"{name}.tsv"
    log = folder / data_set / "logs" / f"{name}.log"
    for file in (benchmark, log):
        file.parent.mkdir(parents=True, exist_ok=True)
    benchmark.write_text(f"s\th:m:s\tmax_rss\n{seconds + 0.5}\t0:00:01\t9.0\n")
    log.write_text(f"something\nprocessor time {seconds:.2f} s, peak memory {mib:.1f} MiB\n")
    return benchmark, log


def jobs(folder: Path, name: str, exponent: float, seconds: float, mib: float):
    """What a rule takes that grows by a power of the ratings, up to these at the largest size."""
    for data_set, ratings in RATINGS.items():
        share = (ratings / RATINGS["large"]) ** exponent
        yield job(folder, data_set, name, START_SECONDS + seconds * share, START_MIB + mib * share)


def table(jobs):
    return scaling(jobs, RATINGS).set_index("ratings")


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_the_exponent_of_what_is_taken_beyond_the_start(tmp_path, exponent):
    rows = table(jobs(tmp_path, "split", exponent, seconds=400, mib=8000))
    assert rows["time_exponent"].to_numpy() == pytest.approx(exponent, abs=0.02)
    assert rows["memory_exponent"].to_numpy() == pytest.approx(exponent, abs=0.02)


def test_memory_is_told_in_sizes_of_the_ratings(tmp_path):
    twice = 2 * BYTES_PER_RATING * RATINGS["large"] / MIB
    rows = table(jobs(tmp_path, "split", 1.0, seconds=10, mib=twice))
    assert rows["start_mib"].to_numpy() == pytest.approx(START_MIB, abs=0.1)
    assert rows.loc[16_000_000, "bytes_per_rating"] == pytest.approx(56, rel=0.01)
    assert rows.loc[16_000_000, "times_ratings"] == pytest.approx(2, rel=0.01)
    assert np.isnan(rows.loc[1_000, "times_ratings"])


def test_a_rule_that_takes_hardly_more_than_its_start_has_no_exponent(tmp_path):
    rows = table(jobs(tmp_path, "pages", 1.0, seconds=0.2, mib=3))
    assert rows[["time_exponent", "memory_exponent"]].isna().all(axis=None)
    assert rows["times_ratings"].loc[16_000_000] < 0.1


def test_jobs_of_one_model_are_taken_together_and_models_kept_apart(tmp_path):
    fits = [
        *jobs(tmp_path, "train/mf/seed-1", 1.0, seconds=10, mib=100),
        *jobs(tmp_path, "train/mf/seed-2", 1.0, seconds=30, mib=300),
        *jobs(tmp_path, "train/svd/seed-1", 1.0, seconds=5, mib=50),
        *jobs(tmp_path, "compare", 1.0, seconds=5, mib=50),
    ]
    rows = scaling(fits, RATINGS).set_index(["rule", "model", "ratings"]).loc[:, :, 16_000_000]
    assert rows.index.tolist() == [("train", "mf"), ("train", "svd"), ("compare", "")]
    assert rows.loc[("train", "mf"), "processor_seconds"] == pytest.approx(21.5)
    assert rows.loc[("train", "mf"), "seconds"] == pytest.approx(22)
    assert rows.loc[("train", "mf"), "peak_mib"] == pytest.approx(450)
