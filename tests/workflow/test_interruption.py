"""A repeatedly stopped run gives the results of an uninterrupted run."""

import csv
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from project import SECONDS, Project, take_interrupts

FEW: dict[str, Any] = {
    "models": dict.fromkeys(("bayes-content", "mf-content", "popularity", "pure-svd", "svd")),
    "svd": {"compared_with": None},
    "ablation": {"model": None},
}
"""One searched model, which has two seeds, and biases."""

TWO_SHARDS = {"search": {"shards": 2}, **FEW}
COMPARISON = "results/synthetic/comparison/metrics.csv"
SAME = (
    *("evaluation/{}/seed-*/*", "models/{}/seed-*/model.npz", "models/{}/seed-*/history.csv"),
    *("search/{}/best.json", "search/{}/trials.csv"),
)


def interrupted(
    project: Project,
    awaited: str,
    with_signal: signal.Signals,
    target: str = COMPARISON,
    changes: dict[str, Any] = TWO_SHARDS,
) -> None:
    """Run on one core until a file exists, then signal Snakemake and all its jobs."""
    command = project.command(
        "--cores", "1", "--rerun-incomplete", targets=[target], changes=changes
    )
    with subprocess.Popen(
        command,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=take_interrupts,
    ) as running:
        end = time.monotonic() + SECONDS
        while not list(project.run.glob(awaited)) and running.poll() is None:
            assert time.monotonic() < end, f"no {awaited}"
            time.sleep(0.01)
        output = None
        while output is None:
            # A signal that arrives while Python finalises an object is lost, so repeat it.
            os.killpg(running.pid, with_signal)
            with suppress(subprocess.TimeoutExpired):
                output, _ = running.communicate(timeout=10)
    assert running.returncode != 0, output
    assert not (project.run / target).exists()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for model in ("bias", "mf")
        for glob in SAME
        for file in folder.glob(f"results/synthetic/{glob.format(model)}")
    }


@pytest.mark.slow
def test_an_interrupted_and_killed_run_resumes_to_identical_results(
    smoke: Project, copy: Project
) -> None:
    for file in (*contents(copy.run), COMPARISON):
        (copy.run / file).unlink()
    for shard in copy.run.glob("results/synthetic/search/*/generation-*/*.jsonl"):
        shard.unlink()

    interrupted(copy, "results/synthetic/search/mf/generation-0/shard-0.jsonl", signal.SIGINT)
    interrupted(copy, "results/synthetic/models/mf/seed-*/model.npz", signal.SIGKILL)
    copy.succeed("--unlock", changes=TWO_SHARDS)
    copy.succeed("--cores", "1", "--rerun-incomplete", targets=[COMPARISON], changes=TWO_SHARDS)

    assert not list(smoke.run.glob("results/synthetic/search/mf/generation-*/shard-1.jsonl"))
    assert list(copy.run.glob("results/synthetic/search/mf/generation-*/shard-1.jsonl"))
    undisturbed, resumed = contents(smoke.run), contents(copy.run)
    assert len(undisturbed) > 15
    assert set(resumed) == set(undisturbed)
    assert [file for file in undisturbed if resumed[file] != undisturbed[file]] == []


LONG = {
    "search": {"trials": 12, "trials_per_generation": 2, "reduction_factor": None},
    "training": {"epochs": 4000, "patience": 4000},
    **FEW,
}
"""A search of one job, each of whose generations takes a second."""


@pytest.mark.slow
def test_an_interrupted_search_goes_on_after_its_finished_generations(copy: Project) -> None:
    search = copy.run / "results/synthetic/search/mf"
    trials, target = search / "trials.csv", "results/synthetic/search/mf/trials.csv"
    shutil.rmtree(search)
    kept = "results/synthetic/search/mf/generation-1/.shard-0.jsonl.finished"
    interrupted(copy, kept, signal.SIGINT, target, LONG)
    copies = {path: path.read_bytes() for path in search.glob("generation-*/.*.finished")}

    copy.succeed("--cores", "1", "--rerun-incomplete", targets=[target], changes=LONG)
    log = next(copy.run.glob("results/synthetic/logs/search/mf*")).read_text()
    assert log.count("found from an interrupted job") == len(copies) >= 2
    for path, content in copies.items():
        name = path.name.removeprefix(".").removesuffix(".finished")
        assert content.endswith((path.parent / name).read_bytes())
    assert not list(search.rglob(".*.finished"))

    resumed = numbers_of(trials)
    shutil.rmtree(search)
    copy.succeed("--cores", "1", targets=[target], changes=LONG)
    assert numbers_of(trials) == resumed


def numbers_of(trials: Path) -> list[dict[str, str]]:
    """Rows of the table of trials, without the measured seconds."""
    with trials.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{key: value for key, value in row.items() if "seconds" not in key} for row in rows]
