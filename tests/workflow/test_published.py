"""The experiments on published splits can be planned from files as they are published."""

import re
from pathlib import Path

import pytest
import yaml
from forked_snakemake import forked
from project import ROOT, SECONDS, Project, printed

from benchmarks.published import Plan, Split

COMMON = "workflow/experiments/published/common.yaml"


OF_FILE = {split.results.split("/")[0]: split for split in Plan.read().splits}
"""One split of each experiment."""


@pytest.mark.parametrize("split", OF_FILE.values(), ids=OF_FILE)
def test_every_published_split_can_be_planned(split: Split, fresh: Project) -> None:
    name = split.results.split("/")[0]
    data = fresh.folder / "data"
    data.mkdir()
    for part, items in (("train", range(40)), ("test", range(40, 45))):
        rows = [f"{user},{item},{1 + (user + item) % 5}" for user in range(30) for item in items]
        text = "\n".join(["user,item,rating", *rows])
        (data / f"{name}.{part}.csv").write_text(text, encoding="utf-8")
    file = ROOT / Path(COMMON).with_name(f"{name}.yaml")
    arguments = fresh.arguments(
        "--dry-run",
        experiment=COMMON,
        changes=yaml.safe_load(file.read_text(encoding="utf-8")),
        targets=[f"results/{split.results}/comparison/table.csv"],
    )
    environment = {**fresh.environment(), "BLENDMF_DATA": str(data)}
    plan = printed(forked(arguments, environment, SECONDS))
    # Splits of one's own files have no words of items; only ml-100k's users are described.
    models = 2 + ("audit" in split.results) + 2 * (name == "ml-100k")
    assert re.search(r"^fetch +1$", plan, re.MULTILINE), plan
    # From a million ratings on, each fit is a job of its own.
    jobs = rf"train +{3 * models}" if name in ("ml-1m", "ml-10m") else rf"train_seeds +{models}"
    assert re.search(f"^{jobs}$", plan, re.MULTILINE), plan
    assert not re.search(r"^search ", plan, re.MULTILINE), plan


def test_absent_files_are_named(fresh: Project) -> None:
    file = ROOT / Path(COMMON).with_name("douban.yaml")
    changes = yaml.safe_load(file.read_text(encoding="utf-8"))
    refused = fresh.snakemake("--dry-run", experiment=COMMON, changes=changes)
    assert refused.returncode == 1
    assert "dataset.path: $BLENDMF_DATA does not exist" in refused.stdout
