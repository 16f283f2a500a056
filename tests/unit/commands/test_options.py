import os
import subprocess
import sys

import pytest

from finished_run import write_run

pytestmark = pytest.mark.usefixtures("run")


def completed(words: str) -> list[str]:
    """What the shell is offered for the last word, which may be empty."""
    environment = {
        **os.environ,
        "_BLENDMF_COMPLETE": "complete_bash",
        "COMP_WORDS": f"blendmf {words}",
        "COMP_CWORD": str(len(f"blendmf {words}".split(" ")) - 1),
    }
    command = [sys.executable, "-m", "blendmf.commands.entry"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.split()


def test_models_and_data_sets_are_completed_from_the_results(tmp_path):
    assert completed("predict --model ") == ["bias", "mean", "popularity"]
    assert completed("export predictions --model m") == ["mean"]
    assert completed("results ") == ["films"]
    assert completed("compare b") == ["bias"]
    write_run(tmp_path / "results/other")
    assert completed("results ") == ["films", "other"]
    assert completed("predict --results ") == ["results/films", "results/other"]
    assert completed("predict --model ") == [], "which folder is meant is not plain"
    assert completed("predict --results results/other --model b") == ["bias"]


def test_commands_are_completed():
    assert sorted(completed("exp")) == ["explain", "export"]
