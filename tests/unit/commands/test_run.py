import json
import shutil
import sys
from pathlib import Path

import pytest

from blendmf.commands.entry import main
from finished_run import ask, refused

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A folder with a Snakefile, the default configuration and the profile."""
    for name in ("Snakefile", "config.yaml", "profiles", "workflow/experiments"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        (tmp_path / name).parent.mkdir(exist_ok=True)
        copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def started(monkeypatch) -> list[list[str]]:
    """Command lines that the process was replaced by."""
    lines: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _, command: lines.append(command))
    return lines


SNAKEMAKE = [sys.executable, "-m", "snakemake"]
PROFILE = ["--workflow-profile", "profiles/default"]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], PROFILE),
        (["--cores", "3", "--dry-run"], [*PROFILE, "--cores", "3", "--dry-run"]),
        (["mine.yaml"], ["--configfile", "mine.yaml", *PROFILE]),
        (
            ["mine.yaml", "--", "audit", "-k"],
            ["--configfile", "mine.yaml", *PROFILE, "audit", "-k"],
        ),
        (["--", "--", "audit"], [*PROFILE, "--", "audit"]),
    ],
)
def test_snakemake_is_started_as_make_report_does(arguments, expected, started):
    Path("mine.yaml").write_text("seed: 1\n")
    assert main(["run", *arguments]) == 0
    assert started == [[*SNAKEMAKE, *expected]]


@pytest.mark.parametrize("command", ["run", "check"])
def test_without_a_snakefile_the_message_says_where_to_go(
    command, capsys, tmp_path, monkeypatch, started
):
    monkeypatch.chdir(tmp_path)
    assert "no Snakefile here" in refused(capsys, command)
    assert started == []


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_missing_configuration_is_refused_with_those_of_the_project(command, capsys, started):
    assert "the project has workflow/experiments/" in refused(capsys, f"{command} nope.yaml")
    assert started == []


@pytest.mark.usefixtures("project")
def test_a_correct_configuration_gives_what_was_found(capsys, monkeypatch):
    monkeypatch.delenv("BLENDMF_DATA", raising=False)
    rows = json.loads(ask(capsys, "check --format json"))
    found = {row["setting"]: row["found"] for row in rows}
    assert found["dataset.name"] == "ml-100k"
    assert found["number of ratings"] == "100,000"
    assert found["data"] == "downloaded when the run starts"
    assert "mf-content" in found["models"]
    rows = json.loads(ask(capsys, "check workflow/experiments/smoke.yaml --format json"))
    found = {row["setting"]: row["found"] for row in rows}
    assert (found["dataset.name"], found["data"]) == ("synthetic", "generated")


@pytest.mark.usefixtures("project")
def test_all_mistakes_are_listed_at_once(capsys):
    Path("mine.yaml").write_text(
        "seeds: many\ndataset: {name: mine, path: nowhere, csv: {ratings: {file: r.csv, user: u, "
        "item: i, rating: r}}}\nsearch: {trails: 3}\n"
    )
    message = refused(capsys, "check mine.yaml")
    assert "seeds" in message
    assert "search.trails" in message
    assert "dataset.path: nowhere does not exist" in message


@pytest.mark.usefixtures("project")
def test_repeated_keys_and_files_that_are_not_yaml_are_refused(capsys):
    Path("twice.yaml").write_text("seed: 1\nseed: 2\n")
    assert "line 2: seed is given on line 1 already" in refused(capsys, "check twice.yaml")
    Path("broken.yaml").write_text("seed: [1\n")
    assert "broken.yaml: cannot be read as YAML" in refused(capsys, "check broken.yaml")
