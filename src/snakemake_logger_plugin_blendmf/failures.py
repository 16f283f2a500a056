"""What failed in a run, where, and what to do."""

import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from snakemake_logger_plugin_blendmf.job_logs import (
    TRACEBACK,
    Reading,
    ended_process,
    of_traceback,
    read_log,
    remedy_of,
    without_message,
)

AGAIN = "run the same command again: finished work is kept."
NO_MESSAGE = Reading("The job ended without a message.", "Look into Snakemake's log, and")
AFTERWARDS = (
    "At least one job did not complete successfully.",
    "Exiting because a job execution failed.",
)
"""What Snakemake says about a failed run in general."""

OF_PROCESS = re.compile(r"CalledProcessError|SpawnedJobError")
"""What Snakemake says about the process of a failed job."""

INTERRUPTED = re.compile(r"Signals\.SIGINT|exit status -2\b|exit status 130\b")
"""What Snakemake says about the process of a job that the user interrupted."""

BROKEN_CONFIGURATION = "Config file is not valid JSON or YAML"


@dataclass
class Failed:
    """A failed job: its work in words, its rule and log, and what the log tells."""

    what: str
    rule: str
    log: str
    reading: Reading | None


@dataclass
class Failures:
    """Failed jobs, and errors of the workflow as a whole, in their order."""

    _jobs: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    _since: dict[int, float] = field(default_factory=dict)
    _failed: dict[int, Failed] = field(default_factory=dict)
    _processes: list[str] = field(default_factory=list)
    _others: list[str] = field(default_factory=list)

    def started(self, job: Mapping[str, Any]) -> None:
        """A job was started, for the first time or again."""
        self._jobs[job["jobid"]] = job
        self._since[job["jobid"]] = time.time()
        self._failed.pop(job["jobid"], None)

    def finished(self, job: int) -> None:
        """A job succeeded, if not at first."""
        self._failed.pop(job, None)

    def add(self, error: Mapping[str, Any]) -> str:
        """A job failed; returns its work in words."""
        job, rule = error["jobid"], error["rule_name"]
        known = self._jobs.get(job, error)
        what = str(known.get("rule_msg") or rule)
        # A log from before the job's start tells nothing about it.
        logs = [Path(log) for log in error["log"]]
        logs = [log for log in logs if _changed_since(log, self._since.get(job, 0.0))]
        readings = [found for log in logs if (found := read_log(log))]
        reading = readings[0] if readings else None
        if reading is None and error.get("rule_msg"):
            reading = Reading(str(error["rule_msg"]), "Look into the log, and")
        if reading is None and error.get("indent"):
            return what  # another job of its group failed
        shown = ", ".join(map(str, logs)) or "none"
        self._failed[job] = Failed(f"{what} (rule {rule})", rule, shown, reading)
        return what

    def add_group(self, error: Mapping[str, Any]) -> None:
        """A job of a group failed; its own record follows, and those of the others of the group.

        The executor's logs are of the group alone: they count if no job of it says more.
        """
        for job in error["job_error_info"]:
            own = {"log": [*job["log"], *error["aux_logs"]], "indent": True}
            self.add({**job, **own})

    def explain(self, text: str) -> None:
        """Snakemake's own words about an error: of a job's process, or of the workflow."""
        if OF_PROCESS.search(text):
            self._processes.append(text)
        elif not any(words in text for words in AFTERWARDS):
            self._others.append(text)

    def blocks(self) -> list[str]:
        """Texts about all failures, each message once; the first failure comes last."""
        if any(map(INTERRUPTED.search, self._processes)):
            return [f"Interrupted.\nTo go on, {AGAIN}"]
        failed = {}
        for one in reversed(self._failed.values()):
            unknown = self._from_process(one) or NO_MESSAGE
            reading = one.reading or without_message(unknown, Path.cwd())
            failed[reading.message] = (
                f"Failed: {one.what}\nLog: {one.log}\n{reading.message}\n{reading.remedy} {AGAIN}"
            )
        when = "outside of the jobs" if self._jobs else "before any job was started"
        others = [_of_workflow(text, when) for text in dict.fromkeys(self._others)]
        return [*others, *failed.values()]

    def _from_process(self, one: Failed) -> Reading | None:
        """What is known of the process of a job without a message, by its script's name."""
        named = [text for text in self._processes if f".{one.rule}.py" in text]
        found = named or (self._processes if len(self._failed) == 1 else [])
        return ended_process(found[-1]) if found else None


def _changed_since(log: Path, moment: float) -> bool:
    # File systems round times.
    return log.is_file() and log.stat().st_mtime >= moment - 2


def _of_workflow(text: str, when: str) -> str:
    """An error outside of jobs, without the lines of code that raised it."""
    if text.startswith(TRACEBACK):
        reading = of_traceback(text.rpartition(TRACEBACK)[2])
        return f"Failed {when}:\n{reading.message}\n{reading.remedy} {AGAIN}"
    text = re.sub(r'^(?:Workflow|User)Error(?: in file "[^"]*", line \d+)?:\n', "", text.strip())
    text = re.sub(r'(?:\n  File "[^"]*", line \d+.*)+\Z', "", text)
    if text.startswith(BROKEN_CONFIGURATION):
        text = broken_configuration(sys.argv[1:]) or text
    return f"Failed {when}:\n{text}\n{remedy_of(text) or 'Correct this and'} {AGAIN}"


def broken_configuration(arguments: Sequence[str]) -> str | None:
    """The first configuration file of a command line that is no YAML, and why.

    Snakemake's message has neither.
    """
    for path in map(Path, ["config.yaml", *arguments]):
        if path.suffix in (".yaml", ".yml", ".json") and path.is_file():
            try:
                yaml.safe_load(path.read_text(encoding="utf-8"))
            except (yaml.YAMLError, UnicodeDecodeError) as error:
                return f"{path} is not valid YAML: {' '.join(str(error).split())}"
    return None
