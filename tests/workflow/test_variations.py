"""Variants of the experiment: the targets `audit` and `ablation`."""

import json

import pandas as pd
import pytest
from project import Project

FEW = {
    "audit": {
        "arms": dict.fromkeys(("random", "global-temporal", "all-tags")),
        "models": ["mf", "mf-content"],
    },
    "ablation": {"placebos": 1, "leave_out": [["genres"]]},
}
TARGETS = ("audit", "ablation")


@pytest.mark.slow
def test_audit_and_ablation_do_not_rerun_the_experiment(copy: Project) -> None:
    metrics = copy.run / "results/synthetic/comparison/metrics.csv"
    before = metrics.stat().st_mtime_ns
    copy.succeed("--cores", "2", targets=TARGETS, changes=FEW)
    assert metrics.stat().st_mtime_ns == before

    audit = pd.read_csv(copy.run / "results/synthetic/audit/audit.csv")
    assert list(dict.fromkeys(audit["arm"])) == ["as configured", "cold-items"]
    cold = audit[audit["arm"] == "cold-items"]
    assert set(cold["model"]) == {"mf", "mf-content"}
    assert (cold["test_item_cold"] == 1).all()
    assert (cold["test_older_than_training_of_item"] == 0).all()

    ablation = pd.read_csv(copy.run / "results/synthetic/ablation/ablation.csv")
    assert list(ablation["arm"]) == [
        *("full", "blend-user", "blend-both", "no-content", "no-genres", "placebo-1"),
    ]
    assert ablation["rmse"].between(0, 2).all()
    placebos = json.loads((copy.run / "results/synthetic/ablation/placebos.json").read_text())
    assert placebos["n_placebos"] == 1
    for page in ("audit/audit.html", "audit/audit.svg", "ablation/ablation.html"):
        assert (copy.run / "results/synthetic" / page).stat().st_size > 1000
    plan = copy.succeed("--cores", "2", targets=TARGETS, changes=FEW)
    assert "Nothing to be done" in plan
