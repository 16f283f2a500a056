import hashlib
import json
import re
import shlex
import subprocess
import tracemalloc
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from blendmf.common.files import read_json, write_json
from blendmf.report.manifest import (
    CODE,
    config_digest,
    cpu_model,
    git_state,
    instruction_sets,
    manifest,
    package_versions,
    regeneration,
    timings,
)

CONFIG = {
    "seed": 42,
    "dataset": {"path": None},
    "models": {"mf": {"kind": "mf", "search": True}},
    "title": "Amélie",
}
ROOT = Path(__file__).parents[3]
HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def write_benchmark(path: Path, seconds: float, max_rss: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rest = "\t-" * 7
    path.write_text(f"{HEADER}{seconds}\t0:00:01\t{max_rss}{rest}\n")
    return path


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    for variable in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(variable, raising=False)
    folder = tmp_path / "repository"
    (folder / "scripts").mkdir(parents=True)
    (folder / "scripts/one.py").write_text("1\n")
    author = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "First"]):
        subprocess.run(["git", "-C", folder, *command], check=True)
    return folder


def fit_facts(engine: str, threads: int = 1, gpu: str | None = None) -> dict:
    return {
        "engine": engine,
        "engine_reason": "it suits",
        "threads": threads,
        "gpu": gpu,
        "linear_algebra": [f"fast 1.{threads}"],
    }


def gather(folder: Path, repository: Path) -> dict:
    data = folder / "data/ratings.parquet"
    data.parent.mkdir(parents=True)
    data.write_bytes(b"ratings")
    benchmarks = [write_benchmark(folder / "benchmarks/train/mf/seed-1.tsv", 2.5, "100.0")]
    return manifest(
        folder / "manifest.json",
        files=[data],
        source={"name": "tiny", "archive_sha256": "ab", "counts": {"ratings": 7}},
        fits=[
            fit_facts("numba cpu"),
            fit_facts("closed-form"),
            fit_facts("numba cpu", threads=4),
            fit_facts("torch cuda", gpu="Fast 9000"),
        ],
        config=CONFIG,
        benchmarks=benchmarks,
        project=repository,
    )


def test_the_manifest_lists_code_data_software_and_machine(tmp_path, repository):
    facts = gather(tmp_path / "results/tiny", repository)
    write_json(tmp_path / "manifest.json", facts)
    assert read_json(tmp_path / "manifest.json") == facts
    assert facts["configuration"] == CONFIG
    assert facts["sha256"] == {"data/ratings.parquet": hashlib.sha256(b"ratings").hexdigest()}
    assert facts["source"] == {"name": "tiny", "archive_sha256": "ab"}
    assert facts["machine"]["engines"] == [
        *("closed-form: it suits", "numba cpu: it suits", "torch cuda: it suits")
    ]
    assert facts["machine"]["training_threads"] == [1, 4]
    assert facts["machine"]["gpus"] == ["Fast 9000"]
    assert facts["machine"]["linear_algebra"] == ["fast 1.1", "fast 1.4"]
    assert facts["machine"]["cores"] >= 1
    assert facts["timings"] == {"train": {"jobs": 1, "seconds": 2.5, "max_rss_mib": 100.0}}
    assert facts["git"]["dirty"] is False
    assert "caution" not in facts
    installed = facts["software"]["environment"]
    assert {f"numpy=={version('numpy')}", f"llvmlite=={version('llvmlite')}"} <= set(installed)
    assert installed == sorted(set(installed), key=str.lower)
    digest = hashlib.sha256("\n".join(installed).encode()).hexdigest()
    assert facts["software"]["environment_sha256"] == digest


def test_git_state_has_the_commit_and_every_change(repository):
    clean = git_state(repository)
    assert clean is not None
    assert set(clean) == {"commit", "dirty"}
    assert re.fullmatch(r"[0-9a-f]{40}", clean["commit"])
    assert clean["dirty"] is False
    hashes = []
    for name, text in (("src/new.py", "2\n"), ("src/new.py", "3\n"), ("scripts/one.py", "3\n")):
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text(text)
        state = git_state(repository)
        assert state is not None
        assert (state["commit"], state["dirty"]) == (clean["commit"], True)
        hashes.append(state["changes_sha256"])
    assert state["changed"] == ["scripts/one.py", "src/new.py"]
    assert len(set(hashes)) == 3
    (repository / "src/new.py").unlink()
    (repository / "scripts/one.py").write_text("1\n")
    assert git_state(repository) == clean


def test_ignored_files_are_not_changes_and_staged_files_add_a_caution(tmp_path, repository):
    (repository / ".git/info/exclude").write_text("ignored\n")
    (repository / "scripts/ignored").write_text("x")
    assert git_state(repository)["dirty"] is False
    (repository / "scripts/staged").write_text("x")
    subprocess.run(["git", "-C", repository, "add", "scripts/staged"], check=True)
    facts = gather(tmp_path / "results/tiny", repository)
    assert "uncommitted changes" in facts["caution"]
    assert facts["git"]["changed"] == ["scripts/staged"]


def test_data_and_results_in_the_project_are_not_changes_of_its_code(repository):
    clean = git_state(repository)
    for name in ("films/ratings.csv", "results/tiny/manifest.json", "ratings.zip", "docs/a.md"):
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text("x")
    assert git_state(repository) == clean
    subprocess.run(["git", "-C", repository, "add", "."], check=True)
    assert git_state(repository) == clean


def test_a_repository_around_the_project_is_not_the_project_s(tmp_path, repository):
    inner = repository / "blendmf"
    (inner / "scripts").mkdir(parents=True)
    assert git_state(inner) is None
    assert gather(tmp_path / "results/tiny", inner)["regenerate"].startswith("python3 ")
    subprocess.run(["git", "-C", inner, "init", "-q"], check=True)
    assert git_state(inner) is None


def test_every_path_of_the_code_is_in_this_project():
    assert [name for name in CODE if not (ROOT / name).exists()] == []


def test_large_new_files_are_read_in_pieces(repository):
    with (repository / "scripts/large.bin").open("wb") as file:
        file.truncate(64 * 2**20)
    tracemalloc.start()
    state = git_state(repository)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert state["changed"] == ["scripts/large.bin"]
    assert peak < 4 * 2**20


def test_the_manifest_says_where_own_data_are_expected(tmp_path, repository, monkeypatch):
    assert "own_data" not in gather(tmp_path / "a", repository)
    monkeypatch.setitem(CONFIG, "dataset", {"path": "films"})
    assert "dataset.path" in gather(tmp_path / "b", repository)["own_data"]


def test_git_state_is_absent_without_a_repository_or_without_git(tmp_path, repository, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "plain").mkdir()
    assert git_state(tmp_path / "plain") is None
    monkeypatch.setenv("PATH", "")
    assert git_state(repository) is None


def test_the_command_restores_the_configuration_and_builds_the_target(
    tmp_path, repository, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    facts = gather(Path("results/tiny"), repository)
    write_json("results/tiny/manifest.json", facts)
    checkout, extract, make = facts["regenerate"].split(" && ")
    assert checkout == f"git checkout {facts['git']['commit']}"
    subprocess.run(shlex.split(extract), check=True)
    arguments = "ARGS=--replace-workflow-config --configfile results/configuration.json"
    assert shlex.split(make) == ["make", "report", arguments]
    assert json.loads(Path("results/configuration.json").read_text()) == CONFIG
    assert facts["regenerate_with_variations"] == {
        target: facts["regenerate"].replace("make report ", f"make {target} ")
        for target in ("audit", "ablation")
    }


def test_without_a_repository_the_command_reads_the_manifest_from_results():
    plain = regeneration(None, Path("results/tiny/manifest.json"), "report")
    stored = Path(".snakemake/storage/fs/data/store/results/tiny/manifest.json")
    assert regeneration(None, stored, "report") == plain
    assert "git" not in plain


def test_config_digest_does_not_depend_on_key_order():
    expected = hashlib.sha256('{"a":{"b":1,"c":"é"},"d":null}'.encode()).hexdigest()
    assert config_digest({"d": None, "a": {"c": "é", "b": 1}}) == expected
    assert config_digest({"d": None, "a": {"c": 1, "b": "é"}}) != expected


def test_packages_are_the_installed_requirements_of_an_installed_library(monkeypatch):
    packages = package_versions()
    assert {"blendmf", "numpy", "snakemake", "torch", "scikit-learn"} <= set(packages)
    assert packages["numpy"] == version("numpy")

    def not_installed(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("blendmf.report.manifest.requires", not_installed)
    assert package_versions() == {}


def test_the_instruction_sets_equal_those_reported_by_numpy():
    assert instruction_sets()
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]+", name) for name in instruction_sets())


def test_cpu_model_is_read_or_falls_back(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t: x\n")
    assert cpu_model(cpuinfo) == "Some CPU @ 2 GHz"
    cpuinfo.write_text("processor\t: 0\n")
    assert cpu_model(cpuinfo)
    assert cpu_model(tmp_path / "missing")


def test_timings_add_up_jobs_of_a_rule(tmp_path):
    folder = tmp_path / "benchmarks/project/results/tiny/benchmarks"
    benchmarks = [
        write_benchmark(folder / "train/mf/seed-2.tsv", 1.5, "-"),
        write_benchmark(folder / "train/bias.v2/seed-1.tsv", 0.25, "120.5"),
        write_benchmark(folder / "train/mf/seed-1.tsv", 2.0, "80.0"),
        write_benchmark(folder / "split.tsv", 0.1, "NA"),
    ]
    assert timings(benchmarks) == {
        "split": {"jobs": 1, "seconds": 0.1, "max_rss_mib": None},
        "train": {"jobs": 3, "seconds": 3.75, "max_rss_mib": 120.5},
    }
