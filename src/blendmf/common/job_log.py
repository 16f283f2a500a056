"""A job's log: everything that it prints, its progress and its errors, in one file."""

import math
import re
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike

T = TypeVar("T")

SECONDS_BETWEEN_LINES = 5.0
STATUS = Path("/proc/self/status")
USED = re.compile(
    r"processor time ([\d.]+) s, peak memory ([\d.]+|nan) MiB(?:, asked for (\d+) MB, (\d+) min)?"
)


@contextmanager
def job(log: PathLike, threads: int = 1, asked: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Run a step: send its output to `log` and hold its linear algebra to `threads` threads.

    The log of a step that succeeds ends with what it took, processor time and peak memory, and
    with what it had asked for: ``mem_mb`` and ``runtime`` (minutes) of `asked`.

    A `UserError` is written to the log as its message alone, any other exception with its
    traceback; either ends the process with status 1. One thread by default, since the order in
    which BLAS adds up numbers may depend on how many threads it has.
    """
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", buffering=1) as file:
        try:
            with redirect_stdout(file), redirect_stderr(file), threadpool_limits(threads):
                yield
        except UserError as error:
            file.write(f"error: {error}\n")
            sys.exit(1)
        except Exception:
            file.write(traceback.format_exc())
            sys.exit(1)
        else:
            used = f"processor time {time.process_time():.2f} s, peak memory {peak_mib():.1f} MiB"
            file.write(f"{used}{_told(asked)}\n")


def _told(asked: Mapping[str, Any] | None) -> str:
    if asked is None:
        return ""
    return f", asked for {asked['mem_mb']} MB, {asked['runtime']} min"


def peak_mib(status: Path = STATUS) -> float:
    """Most memory that this process has held at any moment so far, in MiB; NaN if unknown.

    The kernel's own mark (``VmHWM``): samples, taken now and then, miss a short peak.
    """
    if not status.exists():
        return math.nan
    mark = re.search(r"^VmHWM:\s*(\d+) kB$", status.read_text(), re.MULTILINE)
    return int(mark[1]) / 1024 if mark else math.nan


def logged_usage(log: PathLike) -> tuple[float, float]:
    """Processor seconds of the job of a log, and its peak memory in MiB (NaN if unknown).

    Raises
    ------
    ValueError
        If the job has not succeeded.
    """
    found = _last_line(log)
    return float(found[1]), float(found[2])


def logged_request(log: PathLike) -> tuple[int, int] | None:
    """Memory in MB and minutes that the job of a log had asked for, None if for nothing.

    Raises
    ------
    ValueError
        If the job has not succeeded.
    """
    found = _last_line(log)
    return None if found[3] is None else (int(found[3]), int(found[4]))


def _last_line(log: PathLike) -> re.Match[str]:
    *_, last = Path(log).read_text(encoding="utf-8").splitlines() or [""]
    found = USED.fullmatch(last)
    if found is None:
        raise ValueError(f"{log}: the job has not succeeded: {last!r}")
    return found


def progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Hand on `items`, showing how far it is: a bar on a terminal, now and then a line in the log.

    Parameters
    ----------
    what : str
        Name of the work, such as ``"epochs"``.
    total : int, optional
        How many there will be, where `items` does not know.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    last = time.monotonic()
    bar = tqdm(items, desc=what, total=total, file=sys.__stderr__, disable=None, leave=False)
    for done, item in enumerate(bar, start=1):
        yield item
        if time.monotonic() - last > SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            print(f"{what}: {done} of {'?' if total is None else total}")
