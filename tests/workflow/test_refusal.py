"""User errors are refused with a message before anything is lost."""

import subprocess
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest
from project import Project

RATINGS = "who;film;stars;when\n" + "".join(
    f"u{user};f{item};{1 + (user + item) % 5};{1000 + 10 * user + item}\n"
    for user in range(12)
    for item in range(8)
)
FILMS = "film;name;kind\n" + "".join(f"f{item};Film {item};Drama|War\n" for item in range(8))
LAST_LINE = 1 + 12 * 8
MATRICES = "results/mine/matrices/train.npz"
LEAKAGE = "results/mine/split/leakage.json"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"training": {"learning_rat": 0.1}}, "training.learning_rat: no such configuration key"),
        ({"split": {"train": 0.9}}, "split: train 0.9 and validation 0.15"),
    ],
)
def test_a_broken_configuration_stops_before_any_job(
    changes: dict[str, Any], message: str, fresh: Project
) -> None:
    refused = fresh.snakemake("--cores", "1", changes=changes)
    assert refused.returncode == 1, refused.stdout
    assert message in refused.stdout
    assert "Traceback" not in refused.stdout
    assert not (fresh.run / "results").exists()


def test_an_interpreter_that_no_job_could_start_is_refused_before_any_job(fresh: Project) -> None:
    environment = fresh.folder / "a folder" / ".venv"
    venv.create(environment, with_pip=False)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    command = [str(environment / "bin/python"), *fresh.command("--cores", "1")[1:]]
    refused = subprocess.run(
        command, env=fresh.environment(), capture_output=True, text=True, check=False
    )
    printed = refused.stdout + refused.stderr
    assert refused.returncode == 1, printed
    assert printed.count(f"The path of this Python, {environment}/bin/python, has a space") == 1
    assert "make report VENV=" in printed
    assert "Traceback" not in printed
    assert not (fresh.run / "results").exists()


@pytest.fixture
def own_data(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "stars.csv").write_text(RATINGS)
    (folder / "films.csv").write_text(FILMS)
    return folder


def own_experiment(folder: Path) -> dict[str, Any]:
    ratings = {"user": "who", "item": "film", "rating": "stars", "timestamp": "when"}
    items = {"item": "film", "title": "name", "genres": "kind"}
    return {
        "dataset": {
            "name": "mine",
            "path": str(folder),
            "rating_range": [1, 5],
            "csv": {
                "ratings": {"file": "stars.csv", **ratings},
                "items": {"file": "films.csv", **items},
                "separator": ";",
            },
        }
    }


def run_on(folder: Path) -> dict[str, Any]:
    return {"experiment": None, "changes": own_experiment(folder), "targets": [MATRICES, LEAKAGE]}


@pytest.mark.slow
def test_a_broken_line_of_own_data_is_reported_and_can_be_fixed(
    fresh: Project, own_data: Path
) -> None:
    profile = ("--workflow-profile", str(fresh.code / "profiles/default"))
    (own_data / "stars.csv").write_text(RATINGS + "u1;f9;five;2000\n")
    failed = fresh.snakemake(*profile, **run_on(own_data))
    assert failed.returncode == 1, failed.stdout
    for words in ("stars.csv", f"line {LAST_LINE + 1}", "five"):
        assert words in failed.stdout
    assert "Traceback" not in failed.stdout
    assert not (fresh.run / "results").exists()

    (own_data / "stars.csv").write_text(RATINGS)
    fresh.succeed(*profile, **run_on(own_data))
    assert (fresh.run / MATRICES).is_file()
    assert fresh.pending(**run_on(own_data)) == {}

    (own_data / "stars.csv").write_text(RATINGS + "u1;f9;5;2000\n")
    assert set(fresh.pending(**run_on(own_data))) == {
        *("fetch", "import_tables", "split", "matrices", "leakage"),
    }
