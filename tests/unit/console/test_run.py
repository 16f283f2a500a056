import io
import logging
import time
from typing import Any

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_blendmf.run import Run
from snakemake_logger_plugin_blendmf.screen import Screen


class Played:
    """A run whose records and clock the test plays, on no terminal."""

    def __init__(self, *quiet: str) -> None:
        self.now = 0.0
        self._file = io.StringIO()
        self.run = Run(Screen(self._file), set(quiet), clock=lambda: self.now)

    def says(self, message: str | None, level: int = logging.INFO, **facts: Any) -> None:
        record = logging.LogRecord("snakemake", level, "", 0, message, (), None)
        vars(record).update(facts)
        self.run.take(record)

    def plan(self, jobs: int = 4) -> None:
        seconds = dict.fromkeys(range(jobs), 10.0)
        self.says("Jobs: 4", part="plan", expected=40.0, seconds=seconds)

    def starts(self, job: int, what: str | None = "Training mf") -> None:
        said = {"jobid": job, "rule_msg": what, "rule_name": "train"}
        self.says(" Rule", event=LogEvent.JOB_INFO, **said)

    def finishes(self, job: int) -> None:
        self.says("Finished", event=LogEvent.JOB_FINISHED, job_id=job)
        self.says(None, event=LogEvent.PROGRESS, done=1, total=4)

    def fails(self, job: int, log: tuple[str, ...] = ()) -> None:
        said = {"jobid": job, "rule_name": "train", "log": list(log), "input": []}
        self.says("Error", logging.ERROR, event=LogEvent.JOB_ERROR, **said)

    def lines(self) -> list[str]:
        self.run.end()
        return self._file.getvalue().splitlines()


def test_a_log_has_the_plan_lines_of_progress_and_the_answer() -> None:
    played = Played()
    played.says("Building DAG of jobs...")
    played.plan()
    for job in range(4):
        played.starts(job)
        played.now += 10
        played.finishes(job)
    played.says("Answer: yes", part="closing")
    assert played.lines() == [
        "Jobs: 4",
        "1 of 4 jobs done, about 30 s left: Training mf",
        "2 of 4 jobs done, about 20 s left: Training mf",
        "3 of 4 jobs done, about 10 s left: Training mf",
        "Answer: yes",
        "Time: 40 s",
    ]


def test_progress_is_shown_between_events_too() -> None:
    played = Played()
    played.plan()
    played.starts(0)
    played.now = 6.0
    time.sleep(0.8)
    assert played.lines()[1:] == ["0 of 4 jobs done, about 34 s left: Training mf"]


@pytest.mark.parametrize(
    ("quiet", "shown"),
    [((), ["plan", "note", "progress", "warning", "Nothing"]), (("all",), [])]
    + [((choice,), ["plan", "note", "warning", "Nothing"]) for choice in ("progress",)],
)
def test_quiet_runs_show_less(quiet: tuple[str, ...], shown: list[str]) -> None:
    played = Played(*quiet)
    played.says("plan", part="plan", expected=1.0, seconds={0: 1.0})
    played.says("note", part="note")
    played.starts(0, "progress")
    played.now = 6.0
    played.run.tick()
    played.says("warning", logging.WARNING)
    played.says("Nothing to be done (all requested files are present and up to date).")
    lines = played.lines()
    assert len(lines) == len(shown)
    assert all(word in line for word, line in zip(shown, lines, strict=True))


@pytest.mark.parametrize("quiet", ["", "all"])
def test_a_failure_is_told_at_the_end_even_quietly(quiet: str) -> None:
    played = Played(quiet)
    played.plan()
    played.starts(0)
    died = "CalledProcessError:\nCommand 'python tmp1.train.py' died with <Signals.SIGKILL: 9>."
    played.says(died, logging.ERROR, event=LogEvent.ERROR)
    played.fails(0)
    played.says("Exiting because a job execution failed. Look above", logging.ERROR)
    final = "WorkflowError:\nAt least one job did not complete successfully."
    played.says(final, logging.ERROR, event=LogEvent.ERROR)
    assert played.lines()[-4:-1] == [
        "Failed: Training mf (rule train)",
        "Log: none",
        "The job was killed (signal 9): most often memory ran out.",
    ]


def test_a_job_that_succeeds_at_the_second_try_has_not_failed() -> None:
    played = Played("progress")
    played.plan()
    for _ in range(2):
        played.starts(0)
        played.fails(0)
    played.starts(0)
    played.finishes(0)
    assert played.lines() == ["Jobs: 4"]


def test_others_that_still_run_are_waited_for() -> None:
    played = Played()
    played.plan()
    played.starts(0)
    played.starts(1, None)
    played.fails(0)
    assert played.lines()[1] == "Failed: Training mf; waiting for the jobs that run"
