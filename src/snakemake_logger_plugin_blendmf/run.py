"""One run of the workflow, from its start to its end, as a person sees it."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

from blendmf.common.wording import duration
from snakemake_logger_plugin_blendmf.failures import Failures
from snakemake_logger_plugin_blendmf.progress import Progress, next_line
from snakemake_logger_plugin_blendmf.screen import BOLD, RED, Screen, bar

PLAN, CLOSING = "plan", "closing"
"""Values of `part`, an attribute of log records of the workflow itself; others are notes."""

OF_SNAKEMAKE = (
    "Nothing to be done",
    "Terminating processes on user request",
    "SLURM run ID:",
)
"""Beginnings of Snakemake's own messages that are shown. The last names a run's jobs in Slurm."""

TICK = 0.5
"""Seconds between two looks at the clock."""


class Run:
    """Shows a run on a screen.

    Parameters
    ----------
    screen : Screen
        Where to show it.
    quiet : set of str
        Values of ``--quiet``: ``all`` leaves nothing but what failed, ``progress`` shows no live
        line.
    lock : context manager, optional
        Held while a record is taken; the live line needs it as well.
    """

    def __init__(
        self,
        screen: Screen,
        quiet: set[str],
        lock: AbstractContextManager[Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._screen, self._clock, self._lock = screen, clock, lock or nullcontext()
        self._silent = "all" in quiet
        self._shows_progress = not quiet & {"all", "progress"}
        self._progress, self._failures = Progress(), Failures()
        self._started = clock()
        self._next_line = next_line(0.0)
        self._ended = threading.Event()
        self._ticking: threading.Thread | None = None

    def take(self, record: logging.LogRecord) -> None:
        """Show a log record or take note of it."""
        event = getattr(record, "event", None)
        if hasattr(record, "part"):
            self._of_workflow(record)
        elif event == LogEvent.JOB_INFO:
            job = vars(record)
            self._failures.started(job)
            self._progress.start(job["jobid"], _what(job), self._clock())
        elif event == LogEvent.JOB_FINISHED:
            job_id = vars(record)["job_id"]
            self._failures.finished(job_id)
            self._progress.finish(job_id)
        elif event == LogEvent.PROGRESS:
            self._progress.total = vars(record)["total"]
        elif event == LogEvent.JOB_ERROR:
            self._progress.running.pop(vars(record)["jobid"], None)
            what = self._failures.add(vars(record))
            if self._shows_progress and self._progress.running:
                self._screen.line(f"Failed: {what}; waiting for the jobs that run", RED)
        elif event == LogEvent.GROUP_ERROR:
            self._failures.add_group(vars(record))
        elif event == LogEvent.ERROR:
            self._failures.explain(record.getMessage())
        elif record.levelno >= logging.WARNING:
            self._warning(record)
        elif not self._silent and record.getMessage().startswith(OF_SNAKEMAKE):
            self._screen.line(record.getMessage())
        self.tick()

    def _of_workflow(self, record: logging.LogRecord) -> None:
        """A plan, a closing text or a note of the workflow itself."""
        said = vars(record)
        if said["part"] == CLOSING:
            self._stop()
        if not self._silent:
            self._screen.line(record.getMessage(), BOLD if said["part"] == CLOSING else "")
        if said["part"] == CLOSING and not self._silent:
            self._screen.line(f"Time: {duration(self._clock() - self._started)}")
        if said["part"] == PLAN:
            self._progress.expected = said["expected"]
            self._progress.seconds = said["seconds"]
            self._progress.total = len(said["seconds"])
            self._progress.started = self._clock()
            self._ticking = threading.Thread(target=self._tick_on, daemon=True)
            self._ticking.start()

    def _warning(self, record: logging.LogRecord) -> None:
        """A warning, or an error that Snakemake reports in words alone."""
        text = record.getMessage()
        if record.levelno >= logging.ERROR:
            self._failures.explain(text)
        elif not self._silent:
            self._screen.line(text)

    def _tick_on(self) -> None:
        while not self._ended.wait(TICK):
            with self._lock:
                if not self._ended.is_set():
                    self.tick()

    def tick(self) -> None:
        """Renew the live line, or write a line of progress if it is time."""
        if not self._shows_progress or self._ended.is_set() or not self._progress.running:
            return
        now = self._clock()
        progress = self._progress
        left = duration(progress.seconds_left(now))
        counted = f"{len(progress.finished)} of {progress.total} jobs done, about {left} left"
        if self._screen.is_terminal:
            self._screen.live(f"{bar(progress.share(now))} {counted}: {progress.phase()}")
        elif now - self._started >= self._next_line:
            self._next_line = next_line(now - self._started)
            self._screen.line(f"{counted}: {progress.phase()}")

    def _stop(self) -> None:
        self._ended.set()
        self._screen.live("")

    def end(self) -> None:
        """Show what failed, if anything did."""
        self._stop()
        blocks = self._failures.blocks()
        for block in blocks:
            self._screen.line(block, RED)


def _what(job: dict[str, Any]) -> str:
    """The work of a job in words: its rule's message, or its rule."""
    return str(job["rule_msg"] or job["rule_name"])
