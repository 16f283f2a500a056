"""Kill a run, all its processes or one of its jobs at a random moment."""

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from typing import NamedTuple

import numpy as np
import psutil
from project import SECONDS, Project, take_interrupts

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
VICTIMS = ("run", "group", "job")
FIRST_SECOND, LAST_SECOND = 2.0, 14.0
"""Earliest and latest moment of a kill after the start; the first job starts after 2 seconds."""

SCRIPT = re.compile(r"\.snakemake/scripts/tmp\w+\.(\w+)\.py")


class Kill(NamedTuple):
    """A signal that was sent, and what happened.

    Attributes
    ----------
    signal, victim : str
        Name of the signal; ``run`` (Snakemake alone), ``group`` (its jobs too) or ``job``.
    scripts : str
        Scripts that ran at that moment.
    locked : bool
        Whether the folder had to be unlocked before the next run.
    """

    signal: str
    victim: str
    scripts: str
    locked: bool


def killed(project: Project, random: np.random.Generator) -> Kill | None:
    """Start a run and kill it at a random moment; None if it ended before."""
    number, victim = SIGNALS[random.integers(len(SIGNALS))], VICTIMS[random.integers(len(VICTIMS))]
    moment, choice = random.uniform(FIRST_SECOND, LAST_SECOND), random.random()
    with subprocess.Popen(
        project.command("--cores", "2", "--rerun-incomplete", plain=False),
        env=project.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=take_interrupts,
    ) as running:
        with suppress(subprocess.TimeoutExpired):
            running.wait(moment)
        if running.poll() is not None:
            return None
        jobs = jobs_of(running.pid)
        scripts = " ".join(sorted({name_of(job) for job in jobs} - {""}))
        if victim == "group":
            os.killpg(running.pid, number)
        elif victim == "run":
            os.kill(running.pid, number)
        elif jobs:
            with suppress(psutil.NoSuchProcess):
                jobs[int(choice * len(jobs))].send_signal(number)
        else:
            victim = "run"
            os.kill(running.pid, number)
        with suppress(subprocess.TimeoutExpired):
            running.wait(SECONDS / 10)
        # A signal that comes while the interpreter starts or ends may have no effect.
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
    return Kill(number.name, victim, scripts, unlocked(project))


def jobs_of(pid: int) -> list[psutil.Process]:
    """Processes of the jobs that a run has started."""
    with suppress(psutil.NoSuchProcess):
        return [child for child in psutil.Process(pid).children(recursive=True) if name_of(child)]
    return []


def name_of(process: psutil.Process) -> str:
    """Name of the script that a process runs; empty if it runs none."""
    with suppress(psutil.NoSuchProcess):
        found = SCRIPT.search(" ".join(process.cmdline()))
        return found[1] if found else ""
    return ""


def unlocked(project: Project) -> bool:
    """Unlock the folder if a run left it locked, as its message demands."""
    locks = project.run / ".snakemake" / "locks"
    if not any(locks.glob("*")):
        return False
    refused = project.snakemake("--dry-run", plain=False)
    if refused.returncode:
        assert "--unlock" in refused.stdout, refused.stdout
    project.succeed("--unlock")
    return True


def wait_for_orphans(project: Project) -> None:
    """Wait until no job of an earlier run writes into the folder."""
    end = time.monotonic() + SECONDS
    while any(str(project.run) in " ".join(arguments(one)) for one in psutil.process_iter()):
        assert time.monotonic() < end
        time.sleep(0.1)


def arguments(process: psutil.Process) -> list[str]:
    """Command line of a process; empty if it has ended."""
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return process.cmdline()
    return []
