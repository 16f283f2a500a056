"""How far a run is and how long it still takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

FIRST_INTERVAL, GROWTH = 5.0, 1 / 5
"""Seconds between the first lines of a log; later ones wait for this share of the time so far."""


@dataclass
class Progress:
    """Jobs of a run.

    Attributes
    ----------
    expected : float
        Expected seconds of the run; 0 if unknown.
    seconds : mapping
        Expected seconds of each job.
    started : float
        Time at which the first job was started.
    """

    expected: float = 0.0
    seconds: Mapping[int, float] = field(default_factory=dict)
    started: float = 0.0
    running: dict[int, tuple[str, float]] = field(default_factory=dict)
    finished: set[int] = field(default_factory=set)
    total: int = 0

    def start(self, job: int, what: str, now: float) -> None:
        """A job was started."""
        self.running[job] = (what, now)

    def finish(self, job: int) -> None:
        """A job was finished."""
        self.running.pop(job, None)
        self.finished.add(job)

    def share(self, now: float) -> float:
        """Share of the expected work that is done; a running job counts as far as it should be."""
        whole = sum(self.seconds.values())
        if not whole:
            return len(self.finished) / max(self.total, 1)
        work = sum(self.seconds.get(job, 0.0) for job in self.finished)
        for job, (_, since) in self.running.items():
            work += min(now - since, 0.9 * self.seconds.get(job, 0.0))
        return min(work / whole, 1.0)

    def seconds_left(self, now: float) -> float:
        """Expected seconds to the end: the prediction, corrected by the pace so far.

        The pace counts for as much as is done.
        """
        share, elapsed = self.share(now), now - self.started
        if share <= 0:
            return max(self.expected - elapsed, 0.0)
        by_pace = elapsed * (1 - share) / share
        return share * by_pace + (1 - share) * self.expected * (1 - share)

    def phase(self) -> str:
        """The work of the job that was started last, and how many others run."""
        if not self.running:
            return ""
        *others, (what, _) = self.running.values()
        return f"{what} (and {len(others)} more)" if others else what


def next_line(elapsed: float) -> float:
    """Elapsed time at which a log gets its next line of progress."""
    return elapsed + max(FIRST_INTERVAL, GROWTH * elapsed)
