"""A repeatedly stopped run gives the results of an uninterrupted run."""

import os
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


def interrupted(project: Project, awaited: str, with_signal: signal.Signals) -> None:
    """Run on one core until a file exists, then signal Snakemake and all its jobs."""
    command = project.command(
        "--cores", "1", "--rerun-incomplete", targets=[COMPARISON], changes=TWO_SHARDS
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
            time.sleep(0.05)
        output = None
        while output is None:
            # A signal that arrives while Python finalises an object is lost, so repeat it.
            os.killpg(running.pid, with_signal)
            with suppress(subprocess.TimeoutExpired):
                output, _ = running.communicate(timeout=10)
    assert running.returncode != 0, output
    assert not (project.run / COMPARISON).exists()


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
