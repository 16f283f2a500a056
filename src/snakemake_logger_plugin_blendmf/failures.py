"""What failed in a run, where, and what to do."""

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snakemake_logger_plugin_blendmf.job_logs import Reading, killed, read_log

AGAIN = "run the same command again: finished work is kept."
NO_MESSAGE = Reading("The job ended without a message.", "Look into Snakemake's log, and")
AFTERWARDS = (
    "At least one job did not complete successfully.",
    "Exiting because a job execution failed.",
)
"""What Snakemake says about a failed run in general."""


@dataclass
class Failed:
    """A failed job: its work in words, its log and what the log tells."""

    what: str
    rule: str
    log: str
    reading: Reading | None

    def block(self) -> str:
        """Lines about the failure; the message and what to do come last."""
        found = self.reading or NO_MESSAGE
        log = self.log or "none"
        return f"Failed: {self.what}\nLog: {log}\n{found.message}\n{found.remedy} {AGAIN}"


@dataclass
class Failures:
    """Failed jobs, and errors of the workflow as a whole, in their order."""

    _jobs: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    _since: dict[int, float] = field(default_factory=dict)
    _failed: dict[int, Failed] = field(default_factory=dict)
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
        job = error["jobid"]
        known = self._jobs.get(job, error)
        what = str(known.get("rule_msg") or error["rule_name"])
        # A log from before the job's start tells nothing about it.
        logs = [Path(log) for log in error["log"]]
        logs = [log for log in logs if _changed_since(log, self._since.get(job, 0.0))]
        inputs = [str(path) for path in error["input"] or ()]
        readings = [found for log in logs if (found := read_log(log, inputs))]
        self._failed[job] = Failed(
            f"{what} (rule {error['rule_name']})",
            error["rule_name"],
            str(logs[0] if logs else ""),
            readings[0] if readings else None,
        )
        return what

    def explain(self, text: str) -> None:
        """Snakemake's own words about an error: of a job without a message, or of the workflow."""
        if any(words in text for words in AFTERWARDS):
            return
        unexplained = [one for one in self._failed.values() if one.reading is None]
        for one in unexplained:
            if re.search(rf"\b{re.escape(one.rule)}\b", text):
                one.reading = killed(text)
                return
        if not re.search(r"CalledProcessError|SpawnedJobError", text):
            self._others.append(text)

    def blocks(self) -> list[str]:
        """Texts about all failures, each message once; the first failure comes last."""
        jobs = {one.reading.message if one.reading else one.what: one for one in self._in_reverse()}
        texts = [one.block() for one in jobs.values()]
        return [*map(_of_workflow, dict.fromkeys(self._others)), *texts]

    def _in_reverse(self) -> Iterable[Failed]:
        return reversed(list(self._failed.values()))


def _changed_since(log: Path, moment: float) -> bool:
    # File systems round times.
    return log.is_file() and log.stat().st_mtime >= moment - 2


def _of_workflow(text: str) -> str:
    """An error outside of jobs, without the line of the Snakefile that raised it."""
    text = re.sub(r'^(?:Workflow|User)Error(?: in file "[^"]*", line \d+)?:\n', "", text.strip())
    text = re.sub(r'(?:\n  File "[^"]*", line \d+.*)+\Z', "", text)
    return f"Failed before or outside of a job:\n{text}\nCorrect this and {AGAIN}"
