"""Expected durations: of a job, and of all jobs of a run on some cores.

`blendmf.resources.costs.seconds` is an upper bound, for requests. The usual duration of a job is
its start-up plus a share of that bound. Both were fitted to the measured jobs of
``tests/unit/resources/measured_jobs.csv`` and to runs of the default experiment, the notebook
experiment and a million generated ratings.
"""

import heapq
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from blendmf.resources.costs import FIT, NO_FIT, RULES, Fit, Job, seconds


@dataclass(frozen=True)
class Usual:
    """Usual duration of a class of jobs.

    `start` covers the interpreter, its libraries and compiled functions, in seconds; `share` is the
    part of the bound that a job takes in addition.
    """

    start: float
    share: float


# fmt: off
USUAL = {
    "report": Usual(0.9, 0.2),
    "selection": Usual(0.4, 1.0),
    "small_matrix": Usual(7.5, 1.0),
    "fetch": Usual(1.0, 0.02),
    "tables": Usual(0.8, 0.2),
    "leakage": Usual(0.8, 1.0),
    "content": Usual(2.2, 0.35),
    "user_features": Usual(1.7, 0.35),
    "fitted_on": Usual(3.2, 0.45),
    "figures": Usual(5.0, 0.35),
    "baseline": Usual(0.6, 0.15),
    "closed_form": Usual(0.7, 0.35),
    "als": Usual(1.2, 0.15),
    "bayes": Usual(1.2, 0.4),
    "sgd": Usual(1.2, 0.5),
    "torch": Usual(5.0, 0.45),
    "evaluate": Usual(1.2, 0.35),
    "recommend": Usual(1.2, 0.5),
    "explorer": Usual(2.0, 0.5),
    "compare": Usual(1.8, 0.25),
    "variants": Usual(2.0, 0.15),
}
# fmt: on

USUAL_OF_RULE = {
    "check_parity": Usual(0.8, 1.0),
    "importances": Usual(3.5, 0.1),
    "manifest": Usual(0.6, 0.2),
    "report_page": Usual(2.2, 0.2),
}
"""Rules that differ from their class."""

START_OF_FITS = {"rank_sweep": 1.6, "final": 1.8}
"""The same for the start-up of rules that fit models."""

USUAL_EPOCHS = {"sgd": 15}
"""Epochs after which a method usually stops, because validation no longer improves."""

SHARE_OF_LARGEST = {"search": 0.4, "parity": 0.25}
"""Work of a fit compared with the largest fit of the job. Most trials of a search have smaller
settings, and of those that train by epochs most are stopped early."""


def expected_seconds(job: Job) -> float:
    """Usual duration of a job in seconds, on one thread."""
    if RULES[job.rule] != FIT:
        usual = USUAL_OF_RULE.get(job.rule, USUAL[RULES[job.rule]])
        return usual.start + usual.share * seconds(job)
    fits = job.fits or [NO_FIT]
    works = [_work(job, fit) for fit in fits]
    # Of several candidates a fit on all ratings fits one, which is rarely a cheap one.
    work = max(works) if job.rule == "final" else sum(works)
    start = max(USUAL[fit.method].start for fit in fits)
    return START_OF_FITS.get(job.rule, start) + work


def _work(job: Job, fit: Fit) -> float:
    """Usual seconds of one fit of a job above start-up."""
    usual_fit = replace(fit, epochs=min(fit.epochs, USUAL_EPOCHS.get(fit.method, fit.epochs)))
    work = USUAL[fit.method].share * seconds(replace(job, fits=[usual_fit]))
    # A closed form takes about as long with any settings, and no trial is stopped early.
    return work if fit.method == "closed_form" else work * SHARE_OF_LARGEST.get(job.rule, 1.0)


@dataclass(frozen=True)
class Planned:
    """A job that will run: its expected seconds, its threads and the jobs that it waits for."""

    seconds: float
    threads: int = 1
    needs: Collection[int] = ()


def expected_run(jobs: Mapping[int, Planned], cores: int) -> float:
    """Expected seconds of all jobs on `cores` cores, by playing the schedule.

    A job starts as soon as the jobs that it needs are finished and its threads are free; of
    several, the one starts that most work waits for.
    """
    tails = _tails(jobs)
    missing = {name: {need for need in job.needs if need in jobs} for name, job in jobs.items()}
    waiting: dict[int, list[int]] = {}
    for name, needs in missing.items():
        for need in needs:
            waiting.setdefault(need, []).append(name)
    ready = [name for name, needs in missing.items() if not needs]
    running: list[tuple[float, int]] = []
    now, free = 0.0, cores
    while ready or running:
        for name in sorted(ready, key=lambda name: -tails[name]):
            threads = min(jobs[name].threads, cores)
            if threads <= free:
                free -= threads
                heapq.heappush(running, (now + jobs[name].seconds, name))
                ready.remove(name)
        now, name = heapq.heappop(running)
        free += min(jobs[name].threads, cores)
        for next_one in waiting.get(name, []):
            missing[next_one].discard(name)
            if not missing[next_one]:
                ready.append(next_one)
    return now


def _tails(jobs: Mapping[int, Planned]) -> dict[int, float]:
    """Seconds from the start of each job to the end of the longest chain that begins with it."""
    tails: dict[int, float] = {}
    waiting: dict[int, list[int]] = {}
    for name, job in jobs.items():
        for need in job.needs:
            waiting.setdefault(need, []).append(name)
    remaining = {name: len(waiting.get(name, [])) for name in jobs}
    last = [name for name, count in remaining.items() if not count]
    while last:
        name = last.pop()
        behind = max((tails[one] for one in waiting.get(name, [])), default=0.0)
        tails[name] = jobs[name].seconds + behind
        for need in jobs[name].needs:
            if need in jobs:
                remaining[need] -= 1
                if not remaining[need]:
                    last.append(need)
    return tails
