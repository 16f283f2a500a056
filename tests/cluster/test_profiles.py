"""The Slurm profile as a user runs it."""

import re

import pytest
import yaml
from project import ROOT, Project

PROFILE = "profiles/slurm"


@pytest.mark.parametrize("targets", [(), ("audit", "ablation")], ids=["all", "audit-ablation"])
def test_every_target_can_be_planned_with_job_groups(
    targets: tuple[str, ...], fresh: Project
) -> None:
    profile = str(fresh.code / PROFILE)
    plan = fresh.succeed("--dry-run", "--workflow-profile", profile, targets=targets)
    assert re.search(r"^summarise +1$", plan, re.MULTILINE), plan
    assert "Group job fits" in plan


def test_every_grouped_rule_exists(fresh: Project) -> None:
    profile = yaml.safe_load((ROOT / PROFILE / "config.yaml").read_text(encoding="utf-8"))
    grouped = {entry.split("=")[0] for entry in profile["groups"]}
    rules = set(fresh.succeed("--list-rules").split())
    assert grouped - rules == set()
