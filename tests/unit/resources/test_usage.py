"""The table of what jobs asked for and used."""

from pathlib import Path

import pytest

from blendmf.resources.usage import COLUMNS, MB_PER_MIB, usage

Paths = tuple[Path, Path]


def job(folder: Path, name: str, log: str, seconds: float = 60.0, max_rss: str = "NA") -> Paths:
    benchmark = folder / "benchmarks" / f"{name}.tsv"
    logged = folder / "logs" / f"{name}.log"
    for file in (benchmark, logged):
        file.parent.mkdir(parents=True, exist_ok=True)
    benchmark.write_text(f"s\tmax_rss\n{seconds}\t{max_rss}\n")
    logged.write_text(f"something\nprocessor time 1.00 s, peak memory {log}\n")
    return benchmark, logged


def test_the_jobs_of_a_model_are_one_row_with_the_most_of_each(tmp_path: Path) -> None:
    jobs = [
        job(tmp_path, "train/mf/seed-1", "100.0 MiB, asked for 300 MB, 10 min", 60),
        job(tmp_path, "train/mf/seed-2", "200.0 MiB, asked for 600 MB, 20 min", 90),
        job(tmp_path, "train/bias/seed-1", "50.0 MiB, asked for 100 MB, 10 min"),
        job(tmp_path, "split", "10.0 MiB, asked for 30 MB, 10 min"),
    ]
    table = usage(jobs)
    assert list(table.columns) == COLUMNS
    assert list(zip(table["rule"], table["model"], table["jobs"], strict=True)) == [
        ("train", "mf", 2),
        ("train", "bias", 1),
        ("split", "", 1),
    ]
    row = table.iloc[0]
    assert (row["asked_mb"], row["asked_minutes"], row["used_minutes"]) == (600, 20, 1.5)
    assert row["used_mb"] == pytest.approx(200 * MB_PER_MIB)
    assert row["asked_by_used"] == pytest.approx(300 / (100 * MB_PER_MIB))


def test_memory_is_what_the_kernel_noted_or_what_was_sampled_with_the_children(
    tmp_path: Path,
) -> None:
    jobs = [
        job(tmp_path, "noted", "80.0 MiB, asked for 100 MB, 10 min", max_rss="12.5"),
        job(tmp_path, "children", "50.0 MiB, asked for 100 MB, 10 min", max_rss="90.5"),
        job(tmp_path, "sampled", "nan MiB, asked for 100 MB, 10 min", max_rss="40.0"),
        job(tmp_path, "neither", "nan MiB, asked for 100 MB, 10 min"),
    ]
    mib = usage(jobs)["used_mb"] / MB_PER_MIB
    assert mib.tolist() == pytest.approx([80.0, 90.5, 40.0, float("nan")], nan_ok=True)


def test_jobs_without_a_log_or_a_request_are_passed_over(tmp_path: Path) -> None:
    told = job(tmp_path, "split", "10.0 MiB, asked for 30 MB, 10 min")
    older = job(tmp_path, "matrices", "10.0 MiB")
    gone = (tmp_path / "benchmarks/gone.tsv", tmp_path / "logs/gone.log")
    assert usage([older, told, gone])["rule"].tolist() == ["split"]
    assert usage([older]).empty
    assert list(usage([]).columns) == COLUMNS
