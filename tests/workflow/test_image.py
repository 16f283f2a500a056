"""Rules in a container, with a fake engine that runs its command outside a container."""

import json
import os
import sys
from pathlib import Path

import pytest
from project import ROOT, Project, output

ENGINE = """#!/bin/bash
# apptainer exec [OPTION...] IMAGE SHELL -c COMMAND
if [ "$1" = --version ]; then echo "apptainer version 1.4.0"; exit; fi
echo "${@: -4:1}" >> "$(dirname "$0")/images.txt"
exec bash -c "${@: -1}"
"""
IMAGE = "images/blendmf.sif"


@pytest.mark.parametrize("container", [IMAGE, None])
def test_every_rule_has_the_configured_image_and_the_conda_environment(
    container: str | None, fresh: Project
) -> None:
    config = fresh.folder / "config.json"
    config.write_text(json.dumps({"container": container, "search": {"shards": 2}}))
    program = ROOT / "tests/workflow/software_of_rules.py"
    command = [sys.executable, str(program), str(fresh.code / "Snakefile"), str(config)]
    rules = json.loads(output(command, env=fresh.environment()).splitlines()[-1])
    scripts = {file.stem for file in (ROOT / "scripts").glob("*.py")}
    assert {
        rule.removesuffix("_seeds")
        .removesuffix("_folds")
        .removesuffix("_chain")
        .removeprefix("final_")
        for rule in rules
    } == scripts
    conda = str(fresh.code / "environment.yml")
    assert all(software == {"container": container, "conda": conda} for software in rules.values())


def test_jobs_run_in_the_image_if_a_container_engine_is_requested(
    fresh: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = tmp_path / "bin/apptainer"
    engine.parent.mkdir()
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    folders = [str(engine.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))
    job = {"changes": {"container": IMAGE}, "targets": ["results/synthetic/data/raw"]}
    fresh.succeed("--cores", "1", "--software-deployment-method", "apptainer", **job)
    assert list((fresh.run / "results/synthetic/data/raw").iterdir())
    assert (engine.parent / "images.txt").read_text().split() == [IMAGE]
