import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from snakemake_logger_plugin_blendmf import job_logs
from snakemake_logger_plugin_blendmf.failures import Failures, broken_configuration


def failed(*messages: str, folder: Path) -> Failures:
    """Failures of jobs whose logs end with messages."""
    failures = Failures()
    for number, message in enumerate(messages):
        log = folder / f"{number}.log"
        job: dict[str, Any] = {"jobid": number, "rule_msg": f"Job {number}", "rule_name": "train"}
        failures.started(job)
        log.write_text(f"error: {message}\n")
        failures.add(job | {"rule_msg": None, "log": [str(log)], "input": None})
    return failures


def test_the_first_failure_comes_last_with_message_remedy_and_log(tmp_path: Path) -> None:
    blocks = failed("a is wrong", "b is wrong", folder=tmp_path).blocks()
    assert [block.split("\n")[0] for block in blocks] == [
        "Failed: Job 1 (rule train)",
        "Failed: Job 0 (rule train)",
    ]
    assert blocks[1].split("\n")[1:] == [
        f"Log: {tmp_path / '0.log'}",
        "error: a is wrong",
        "Correct this and run the same command again: finished work is kept.",
    ]


def test_the_same_message_of_many_jobs_is_shown_once(tmp_path: Path) -> None:
    assert len(failed(*["all the same"] * 5, "but one", folder=tmp_path).blocks()) == 2


def test_a_log_of_an_earlier_run_tells_nothing(tmp_path: Path) -> None:
    failures = Failures()
    log = tmp_path / "old.log"
    log.write_text("error: of yesterday\n")
    os.utime(log, (time.time() - 1000,) * 2)
    job = {"jobid": 1, "rule_msg": None, "rule_name": "train"}
    failures.started(job)
    failures.add(job | {"log": [str(log)], "input": []})
    assert "yesterday" not in failures.blocks()[0]


def test_the_process_of_each_silent_job_is_found_by_its_script() -> None:
    failures = Failures()
    for number, (rule, status) in enumerate({"train": 137, "evaluate": 3}.items()):
        job = {"jobid": number, "rule_msg": rule, "rule_name": rule}
        failures.started(job)
        words = f"CalledProcessError:\nCommand 'python tmp.{rule}.py' returned non-zero exit status"
        failures.explain(f"{words} {status}.")
        failures.add(job | {"rule_msg": None, "log": [], "input": []})
    evaluate, train = failures.blocks()
    assert "killed (signal 9)" in train
    assert "exit status 3" in evaluate


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('WorkflowError in file "/x/a.smk", line 5:\nseeds: wrong', "seeds: wrong"),
        (
            'UserError in file "/x/a.smk", line 5:\nbad\n  File "/x/a.smk", line 5, in <module>\n'
            '  File "/x/b.py", line 7, in f',
            "bad",
        ),
        (
            'Traceback (most recent call last):\n\n  File "/x/site-packages/y.py", line 1, in f\n'
            "    os.remove(file)\n\nNotADirectoryError: [Errno 20] Not a directory: 'results/a'",
            "NotADirectoryError: [Errno 20] Not a directory: 'results/a'",
        ),
    ],
)
def test_an_error_outside_of_jobs_is_its_message_without_code(text: str, message: str) -> None:
    failures = Failures()
    failures.explain(text)
    failures.explain(text)
    (block,) = failures.blocks()
    first, *middle, last = block.split("\n")
    assert first == "Failed before any job was started:"
    assert "\n".join(middle) == message
    assert last.endswith("run the same command again: finished work is kept.")


def test_a_configuration_that_is_no_yaml_is_named_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("seeds: 1\n")
    (tmp_path / "bad.yaml").write_text("seeds: 1\nsplit: [1\n")
    good, bad = str(tmp_path / "good.yaml"), str(tmp_path / "bad.yaml")
    found = broken_configuration(["--configfile", good, bad, "absent.yaml", "--", "all"])
    assert found is not None
    assert found.startswith(f"{bad} is not valid YAML: ")
    assert "line 3" in found
    assert broken_configuration(["--configfile", good]) is None


def test_of_a_group_the_job_that_failed_is_shown(tmp_path: Path) -> None:
    failures = Failures()
    jobs = []
    for number, words in enumerate(["processor time 1.00 s", "error: no", None]):
        log = tmp_path / f"{number}.log"
        rule = {"jobid": number, "rule_name": f"rule{number}"}
        failures.started(rule | {"rule_msg": f"Job {number}"})
        if words:
            log.write_text(words)
        jobs.append(rule | {"rule_msg": None, "log": [str(log)], "input": [], "indent": True})
    failures.add_group({"job_error_info": jobs, "aux_logs": []})
    for job in jobs:
        failures.add(job)
    (block,) = failures.blocks()
    assert block.startswith("Failed: Job 1 (rule rule1)")


def test_a_job_of_a_cluster_that_needed_more_is_explained_by_both_logs(tmp_path: Path) -> None:
    failures = Failures()
    own, slurm = tmp_path / "own.log", tmp_path / "slurm.log"
    job: dict[str, Any] = {"jobid": 1, "rule_name": "train", "rule_msg": "Training mf"}
    failures.started(job)
    own.write_text("epochs: 3 of 50\n")
    slurm.write_text("slurmstepd: error: Detected 1 oom_kill event in StepId=5.0.\n")
    said = {"rule_msg": "SLURM-job '5' failed", "log": [str(own), str(slurm)], "input": []}
    failures.add(job | said)
    (block,) = failures.blocks()
    assert f"Log: {own}, {slurm}\n" in block
    assert "oom_kill" in block
    assert "Request more" in block


@pytest.mark.parametrize("how", ["died with <Signals.SIGINT: 2>.", "exit status 130."])
def test_an_interrupted_run_is_no_failure(how: str) -> None:
    failures = Failures()
    failures.explain(f"CalledProcessError:\nCommand 'python tmp.train.py' {how}")
    said = {"jobid": 1, "rule_name": "train", "rule_msg": None, "log": [], "input": []}
    failures.add(said)
    (block,) = failures.blocks()
    assert block.startswith("Interrupted.\nTo go on, run the same command again")


def test_an_error_of_the_workflow_with_a_known_number_has_its_remedy() -> None:
    failures = Failures()
    failures.explain("Error recording metadata ([Errno 28] No space left on device).")
    (block,) = failures.blocks()
    assert "Free some disk space and run the same command again" in block


@pytest.mark.parametrize(("free", "is_full"), [(1 << 19, True), (1 << 30, False)])
def test_a_job_without_a_message_on_a_full_disk_is_told_so(
    free: int, is_full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_logs.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    failures = Failures()
    failures.add({"jobid": 1, "rule_name": "train", "rule_msg": None, "log": [], "input": []})
    (block,) = failures.blocks()
    assert ("The disk is full.\nFree some disk space and" in block) == is_full
