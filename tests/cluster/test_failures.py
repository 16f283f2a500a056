"""Runs with a failed job, a failed node or an interrupt."""

import signal
from collections.abc import Iterator

import pytest
from project import Project
from runs import ThroughSlurm, differing
from slurm import NODES, Slurm, wait_until

MODELS = [f"results/synthetic/models/{model}/seed-1/model.npz" for model in ("bias", "mf")]
METRICS = "results/synthetic/evaluation/bias/seed-1/metrics.json"

# Briefly holds 1.5 times the rule's first request, plus 180 MB for a Snakemake process: more than
# the first request, less than the second.
HOG = """\
import time
from pathlib import Path

asked = Path("first-request.txt")
if not asked.exists():
    asked.write_text(str(snakemake.resources.mem_mb))
ballast = b"." * (int(asked.read_text()) * 3 // 2 + 180 << 20)
time.sleep(5)
del ballast
"""


@pytest.fixture
def unfitted(copy: ThroughSlurm) -> ThroughSlurm:
    """A run with two untrained models."""
    for model in MODELS:
        (copy.project.run / model).unlink()
    return copy


def test_a_failed_job_ends_the_run_and_its_log_is_named(copy: ThroughSlurm) -> None:
    (copy.project.run / "results/synthetic/models/bias/seed-1/model.npz").write_text("no model")
    code = copy.exit_code("--retries", "0", targets=[METRICS])
    assert code == 1, copy.output
    (slurm_log,) = copy.submitted.values()
    assert slurm_log.is_file()
    for named in (str(slurm_log), "results/synthetic/logs/evaluate/bias.log"):
        assert named in copy.output
    assert "Error in rule evaluate" in copy.output
    assert [job.state for job in copy.ended] == ["FAILED"]


def test_a_job_killed_for_memory_is_retried_with_a_larger_request(
    local: Project, copy: ThroughSlurm
) -> None:
    script = copy.project.code / "scripts/evaluate.py"
    script.write_text(HOG + script.read_text())
    (copy.project.run / METRICS).unlink()
    assert copy.exit_code(targets=[METRICS]) == 0, copy.output
    first, second = copy.ended
    assert "exceeded memory limit" in copy.submitted[first.identifier].read_text()
    assert (first.state, second.state) == ("FAILED", "COMPLETED")
    assert second.memory > first.memory
    assert differing(local, copy.project) == []


def test_an_interrupted_run_leaves_no_jobs_and_resumes_to_the_same_results(
    local: Project, unfitted: ThroughSlurm
) -> None:
    queue = unfitted.slurm.waiting_or_running
    with unfitted.running(targets=MODELS) as process:
        wait_until(lambda: len(unfitted.submitted) == len(MODELS), "all jobs are submitted")
        assert set(queue()) == set(unfitted.submitted)
        process.send_signal(signal.SIGINT)
    assert process.returncode != 0
    wait_until(lambda: not queue(), "no job is left", seconds=15)
    assert [job.state for job in unfitted.ended] == ["CANCELLED"] * len(MODELS)
    assert [model for model in MODELS if (unfitted.project.run / model).exists()] == []

    assert unfitted.exit_code(targets=MODELS) == 0, unfitted.output
    assert differing(local, unfitted.project) == []


@pytest.fixture
def node_to_set_down(slurm: Slurm) -> Iterator[str]:
    """One of the nodes; brought up again on exit."""
    yield NODES[0]
    slurm.resume(NODES[0])


def test_a_node_failure_does_not_change_the_results(
    local: Project, unfitted: ThroughSlurm, node_to_set_down: str
) -> None:
    slurm = unfitted.slurm
    with unfitted.running("--retries", "0", targets=MODELS) as process:
        wait_until(lambda: slurm.running_on(node_to_set_down), f"a job on {node_to_set_down}")
        struck = set(slurm.running_on(node_to_set_down))
        slurm.set_down(node_to_set_down)
    assert process.returncode == 0, unfitted.output
    for identifier in struck:
        lost, done = (job for job in unfitted.ended if job.identifier == identifier)
        assert lost.node == node_to_set_down
        assert (done.state, done.node) == ("COMPLETED", NODES[1])
    assert differing(local, unfitted.project) == []
