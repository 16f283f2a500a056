"""The log of a job: its output, progress, errors and usage in one file."""

import math
import re
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Protocol, TypeVar

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from blendmf.common.digests import checked
from blendmf.common.errors import UserError
from blendmf.common.files import PathLike

T = TypeVar("T")

SECONDS_BETWEEN_LINES = 5.0
STATUS = Path("/proc/self/status")
USED = re.compile(
    r"processor time ([\d.]+) s, peak memory ([\d.]+|nan) MiB(?:, asked for (\d+) MB, (\d+) min)?"
)


class Job(Protocol):
    """What Snakemake hands to the script of a rule.

    Attributes
    ----------
    log, input, output : sequence of str
    resources : mapping
        ``mem_mb`` and ``runtime`` (minutes) that the job requested, the number of its ``attempt``,
        and whether its files are ``stored``: local copies of files in a storage.
    """

    log: Sequence[str]
    input: Sequence[str]
    output: Sequence[str]
    resources: Mapping[str, Any]


@contextmanager
def job(script: Job) -> Iterator[None]:
    """Run a job: write its output to its log, check what it reads, and seal what it writes.

    Inputs are checked before the block and the digests of the outputs are written after it
    (`blendmf.common.digests`), except with a storage, which several machines share and which checks
    what it transfers. Linear algebra runs on one thread, because results of BLAS may depend on the
    number of threads.

    The log of a successful job ends with its processor time and peak memory, and with its requests.
    A `UserError` is logged as its message, any other exception with its traceback; both end the
    process with status 1. A further attempt of the same run after a `UserError` ends at once: it
    would only fail again. A hidden file next to the log keeps the message, because Snakemake
    deletes the log before another attempt. If the log cannot be written, a line on the process's
    standard error says so.
    """
    path, asked = Path(script.log[0]), script.resources
    path.parent.mkdir(parents=True, exist_ok=True)
    mistake = path.with_name(f".{path.name}.mistake")
    if mistake.is_file() and asked.get("attempt", 1) > 1:
        path.write_text(mistake.read_text(encoding="utf-8"), encoding="utf-8")
        sys.exit(1)
    mistake.unlink(missing_ok=True)
    with _one_line_if_unwritable(path), path.open("w", encoding="utf-8", buffering=1) as file:
        try:
            stored = asked.get("stored", False)
            digests = nullcontext() if stored else checked(script.input, script.output)
            with redirect_stdout(file), redirect_stderr(file), threadpool_limits(1), digests:
                yield
        except UserError as error:
            file.write(f"error: {error}\n")
            mistake.write_text(f"error: {error}\n", encoding="utf-8")
            sys.exit(1)
        except Exception:
            file.write(traceback.format_exc())
            sys.exit(1)
        else:
            used = f"processor time {time.process_time():.2f} s, peak memory {peak_mib():.1f} MiB"
            file.write(f"{used}{_requests(asked)}\n")


@contextmanager
def _one_line_if_unwritable(log: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        print(f"error: {log}: {error.strerror}", file=sys.__stderr__)
        sys.exit(1)


def _requests(asked: Mapping[str, Any]) -> str:
    if asked.get("mem_mb") is None:
        return ""
    return f", asked for {asked['mem_mb']} MB, {asked['runtime']} min"


def peak_mib(status: Path = STATUS) -> float:
    """Peak memory of this process so far, in MiB; NaN if unknown.

    Read from the kernel (``VmHWM``), because sampling misses short peaks.
    """
    if not status.exists():
        return math.nan
    mark = re.search(r"^VmHWM:\s*(\d+) kB$", status.read_text(), re.MULTILINE)
    return int(mark[1]) / 1024 if mark else math.nan


def logged_usage(log: PathLike) -> tuple[float, float]:
    """Processor seconds of a logged job, and its peak memory in MiB (NaN if unknown).

    Raises
    ------
    ValueError
        If the job did not succeed.
    """
    found = _last_line(log)
    return float(found[1]), float(found[2])


def logged_request(log: PathLike) -> tuple[int, int] | None:
    """Memory in MB and minutes that a logged job requested; None if it requested nothing.

    Raises
    ------
    ValueError
        If the job did not succeed.
    """
    found = _last_line(log)
    return None if found[3] is None else (int(found[3]), int(found[4]))


def _last_line(log: PathLike) -> re.Match[str]:
    *_, last = Path(log).read_text(encoding="utf-8").splitlines() or [""]
    found = USED.fullmatch(last)
    if found is None:
        raise ValueError(f"{log}: the job did not succeed: {last!r}")
    return found


def progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Iterate over `items` and report progress: a bar on a terminal, regular lines in the log.

    Parameters
    ----------
    what : str
        Name of the work, such as ``"epochs"``.
    total : int, optional
        Number of items, if `items` has no length.
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
