"""The workflow as a module of another workflow that uses its results as inputs."""

import sys
from pathlib import Path

import pytest
import yaml
from project import SMOKE, Project, files_of, output
from same_results import comparable, written

from blendmf.common.files import write_json

OUTER = """
configfile: "config.json"


report: "report.rst"


rule all:
    input:
        "best.txt",


module films:
    snakefile:
        {snakefile!r}
    config:
        config["films"]
    prefix:
        "experiments/films"


use rule * from films as films_*


use rule train from films as films_train with:
    threads: 2


module again:
    snakefile:
        {snakefile!r}
    config:
        {{**config["films"], "seed": 7}}
    prefix:
        "experiments/again"


use rule * from again as again_*


rule best:
    input:
        table="experiments/films/results/synthetic/comparison/table.csv",
        figure="experiments/films/results/synthetic/figures/comparison.svg",
    output:
        "best.txt",
    shell:
        "cut -d , -f 1 {{input.table}} > {{output}}"
"""

FEWER = {
    "models": dict.fromkeys(("mf-content", "pure-svd", "popularity")),
    "recommendations": {"models": []},
    "ablation": {"model": None},
}


class Outer:
    """A workflow in a separate folder, with the project as two of its modules."""

    def __init__(self, folder: Path, project: Project) -> None:
        self.folder, self.project = folder, project
        folder.mkdir()
        (folder / "Snakefile").write_text(OUTER.format(snakefile=str(project.code / "Snakefile")))
        (folder / "report.rst").write_text("Which films are the best.\n")
        films = yaml.safe_load((project.code / SMOKE).read_text(encoding="utf-8"))
        films["models"].update(FEWER["models"])
        write_json(folder / "config.json", {"films": {**films, **FEWER, "models": films["models"]}})

    def succeed(self, *options: str) -> str:
        command = [sys.executable, "-m", "snakemake", "--nocolor", *options]
        own = self.project.environment()
        del own["PYTHONPATH"]
        return output(command, cwd=self.folder, env=own)


@pytest.fixture
def outer(fresh: Project, tmp_path: Path) -> Outer:
    return Outer(tmp_path / "outer", fresh)


def test_two_modules_can_be_used_together(outer: Outer) -> None:
    manifests = [
        f"experiments/{name}/results/synthetic/manifest.json" for name in ("films", "again")
    ]
    files = files_of(outer.succeed("--filegraph", *manifests))
    assert {"films_train", "again_train"} <= files
    for folder in ("experiments/films/results", "experiments/again/results"):
        assert len([file for file in files if file.startswith(folder)]) > 30
    assert [file for file in files if file.startswith("results")] == []


@pytest.mark.slow
def test_results_of_a_module_equal_those_of_the_workflow(outer: Outer, smoke: Project) -> None:
    outer.succeed("--cores", "2")
    best = (outer.folder / "best.txt").read_text().split()
    assert (best[0], set(best[1:])) == ("model", {"bayes-content", "bias", "mf", "svd"})

    found, plain = written(outer.folder / "experiments/films"), written(smoke.run)
    alike = [name for name in found if "/comparison/" not in name and "/figures/" not in name]
    metrics = [name for name in alike if name.endswith("metrics.json")]
    assert len(metrics) == 6
    assert [name for name in alike if comparable(found[name]) != comparable(plain[name])] == []
    assert {path.name for path in outer.folder.iterdir() if path.is_dir()} == {
        *("experiments", ".snakemake"),
    }
    assert "Nothing to be done" in outer.succeed("--cores", "2")

    outer.succeed("--report", "report.html")
    page = (outer.folder / "report.html").read_text(encoding="utf-8")
    assert "Which films are the best." in page
