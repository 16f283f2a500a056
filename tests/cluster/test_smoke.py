"""The smoke experiment through Slurm."""

import json
import re
from collections import Counter

from project import Project
from runs import TWO_SHARDS, ThroughSlurm, differing, results
from slurm import NODES


def planned(output: str) -> Counter[str]:
    """Number of jobs per script, from Snakemake's job counts."""
    table = output.split("Job stats:")[1].split("total")[0]
    counts = Counter({rule: int(n) for rule, n in re.findall(r"^(\w+) +(\d+)$", table, re.M)})
    del counts["all"]
    counts["evaluate"] += counts.pop("evaluate_seeds")
    counts["train"] += counts.pop("train_chain", 0)
    counts["content"] += counts.pop("final_content")
    return counts


def test_every_job_ran_inside_a_slurm_job(smoke: ThroughSlurm) -> None:
    facts = smoke.facts()
    assert Counter(rule for rule, _ in facts) == planned(smoke.output)
    assert {variables["SLURM_JOB_ID"] for _, variables in facts} == set(smoke.submitted)
    assert {job.state for job in smoke.ended} == {"COMPLETED"}
    assert {job.node for job in smoke.ended} == set(NODES)
    node_of = {job.identifier: job.node for job in smoke.ended}
    assert [
        rule
        for rule, variables in facts
        if variables["SLURMD_NODENAME"] != node_of[variables["SLURM_JOB_ID"]]
    ] == []


def test_tiny_rules_share_a_slurm_job(smoke: ThroughSlurm) -> None:
    jobs = {}
    for rule, variables in smoke.facts():
        jobs.setdefault(variables["SLURM_JOB_ID"], []).append(rule)
    together = sorted(sorted(rules) for rules in jobs.values() if len(rules) > 1)
    of_data = ("content", "content", "import_tables", "leakage", "matrices", "split")
    assert list(of_data) in together
    # One group per model.
    assert together.count(["evaluate", "train"]) == 3
    assert sum("manifest" in rules for rules in together) == 1
    assert not {"search", "rank_sweep"} & {rule for rules in together for rule in rules}
    assert len(jobs) < sum(planned(smoke.output).values()) / 2


def test_results_are_byte_identical_to_a_local_run(local: Project, smoke: ThroughSlurm) -> None:
    shards = "results/synthetic/search/mf-content/generation-0/shard-1.jsonl"
    assert (smoke.project.run / shards).exists()
    assert not (local.run / shards).exists()
    assert differing(local, smoke.project) == []
    compared = results(local)
    for part in ("comparison/metrics.csv", "search/mf-content/trials.csv"):
        assert f"results/synthetic/{part}" in compared
    assert len(compared) > 40


def test_the_report_can_be_made_after_the_run(smoke: ThroughSlurm) -> None:
    metrics = smoke.project.run / "results/synthetic/evaluation/mf/seed-1/metrics.json"
    assert json.loads(metrics.read_text())["model"] == "mf"
    page = (smoke.project.run / "report.html").read_text(encoding="utf-8")
    assert "comparison.svg" in page


def test_a_rerun_without_slurm_has_nothing_to_do(copy: ThroughSlurm) -> None:
    output = copy.project.succeed("--cores", "1", changes=TWO_SHARDS)
    assert "Nothing to be done" in output


def test_gpus_are_requested_only_where_configured(copy: ThroughSlurm) -> None:
    """No node here has a GPU, so Slurm refuses every job that requests one."""
    on_gpu = {**TWO_SHARDS, "training": {"engine": "torch", "device": "cuda"}}
    model = "results/synthetic/models/mf/seed-1/model.npz"
    how = {"targets": [model], "changes": on_gpu}
    assert copy.exit_code("--retries", "0", "--verbose", **how) == 1
    assert not copy.submitted
    (call,) = [line for line in copy.output.splitlines() if line.startswith("sbatch call:")]
    assert "--gpus=1" in call.split()
