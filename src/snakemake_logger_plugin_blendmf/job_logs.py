"""The reason for a job's failure, from its log or from how its process ended."""

import errno
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

LAST_BYTES = 2**16
"""Bytes at the end of a log that are read."""

MISTAKE = "\nerror: "
TRACEBACK = "Traceback (most recent call last):"
OWN_FRAME = re.compile(
    r'^  File "(?:(?!site-packages)[^"])*?(?P<file>(?:src/blendmf|scripts|workflow)/[^"]+)", '
    r"line (?P<line>\d+)",
    re.MULTILINE,
)

NO_MEMORY = re.compile(r"^(?:\w+\.)*_?\w*MemoryError\b|^OSError: \[Errno 12\]|out of memory")
LIMIT = re.compile(r"^.*(?:oom_kill|exceeded memory limit|DUE TO TIME LIMIT).*$", re.MULTILINE)
"""What Slurm writes about a job that took more than it requested."""

STATUS = re.compile(r"Signals\.(?P<signal>SIG\w+)|exit status (?P<status>-?\d+)")
KILLED = {"SIGKILL": 9, "SIGTERM": 15}

MORE_MEMORY = (
    "Close other programs or run fewer jobs at a time (--cores 1), or use a smaller model or data, "
    "and"
)
MORE_FROM_CLUSTER = (
    "Request more for the rule (set-resources in the profile, docs/how-to/cluster.md) and"
)
MAKE_WRITABLE = (
    "Make the file or folder writable, or for one in .cache set XDG_CACHE_HOME to a folder that "
    "is, and"
)
ERROR_NUMBER = re.compile(r"\[Errno (\d+)\]")
REMEDY_OF_ERRNO = {
    errno.ENOSPC: "Free some disk space and",
    errno.EDQUOT: "Free some disk space and",
    errno.EACCES: MAKE_WRITABLE,
    errno.EPERM: MAKE_WRITABLE,
    errno.EROFS: MAKE_WRITABLE,
    errno.ENOTDIR: "Put a folder where the file is, and",
    errno.EISDIR: "Remove the folder where a file should be, and",
    errno.ENOENT: "Restore the missing file, or delete the results that need it, and",
}

LITTLE_SPACE = 1 << 20
"""Bytes with which a job cannot even write why it failed."""


@dataclass
class Reading:
    """Why a job failed, and what to do before the command is run again."""

    message: str
    remedy: str


def read_log(log: Path) -> Reading | None:
    """Why a job failed: the end of its log; None if the log does not say."""
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - LAST_BYTES, 0))
        text = "\n" + file.read().decode(errors="replace").strip()
    mistake, exception = text.rfind(MISTAKE), text.rfind(TRACEBACK)
    if mistake > exception:
        return Reading(text[mistake:].strip(), "Correct this and")
    if exception >= 0:
        return of_traceback(text[exception + len(TRACEBACK) :])
    limit = LIMIT.search(text)
    return Reading(limit[0].strip(), MORE_FROM_CLUSTER) if limit else None


def of_traceback(text: str) -> Reading:
    """The exception of a traceback, the last line of the project's code in it, and a remedy."""
    *_, own = (None, *OWN_FRAME.finditer(text))
    where = f" ({own['file']}, line {own['line']})" if own else ""
    lines = text.split("\n")
    last_indented = max((n for n, line in enumerate(lines) if line.startswith("  ")), default=-1)
    messages = [line for line in lines[last_indented + 1 :] if line.strip()]
    message = messages[0] if messages else "an exception without a message"
    if NO_MEMORY.search(message):
        remedy = MORE_MEMORY
    elif known := remedy_of(message):
        remedy = known
    else:
        remedy = "This is a defect of the program, not of your input: report it with the log, or"
    return Reading(f"{message}{where}", remedy)


def remedy_of(message: str) -> str | None:
    """What to do about the error number that a message names, if any."""
    number = ERROR_NUMBER.search(message)
    return REMEDY_OF_ERRNO.get(int(number[1])) if number else None


def without_message(reading: Reading, folder: Path) -> Reading:
    """The reading of a job that left no message, with a remedy if its folder's disk is full."""
    if shutil.disk_usage(folder).free >= LITTLE_SPACE:
        return reading
    return Reading(f"{reading.message} The disk is full.", REMEDY_OF_ERRNO[errno.ENOSPC])


def ended_process(text: str) -> Reading:
    """Why a job failed that left no message: what Snakemake says about its process."""
    found = STATUS.search(text)
    if found is None:
        return Reading(" ".join(text.split()), "Correct this and")
    signal = KILLED.get(found["signal"] or "", 0) or abs(int(found["status"] or 0)) % 128
    if signal in KILLED.values():
        return Reading(
            f"The job was killed (signal {signal}): most often memory ran out.", MORE_MEMORY
        )
    return Reading(
        f"The job ended with {found[0]} before it could write to its log; the lines above may say "
        "why.",
        "Correct this and",
    )
