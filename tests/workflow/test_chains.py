"""Chains that are jobs of their own give the bits of one job."""

import pytest
from project import Project

from blendmf.common.files import read_json

FOLDER = "results/synthetic/models/bayes-content/seed-1"
CHAINS = {"models": {"bayes-content": {"training": {"chains": 2}}}}


@pytest.mark.slow
def test_chains_of_several_jobs_are_the_model_of_one_job(smoke: Project, tmp_path) -> None:
    runs = [smoke.copied_to(tmp_path / name) for name in ("one", "several")]
    for run, shards in zip(runs, (1, 2), strict=True):
        changes = CHAINS | {"search": {"shards": shards}}
        run.succeed("--cores", "2", targets=[f"{FOLDER}/model.npz"], changes=changes)
    one, several = (run.run / FOLDER for run in runs)
    assert {path.parent.name for path in several.glob("chain-*/model.npz")} == {
        "chain-0",
        "chain-1",
    }
    assert not list(one.glob("chain-*"))
    assert (one / "model.npz").read_bytes() == (several / "model.npz").read_bytes()
    facts = [read_json(folder / "fit.json") for folder in (one, several)]
    assert facts[0]["convergence"] == facts[1]["convergence"]
    assert facts[0]["chains"] == 2
