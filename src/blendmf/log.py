"""A job's log: everything that it prints, its progress and its errors, in one file."""

import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TypeVar

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from blendmf.errors import UserError
from blendmf.files import PathLike

T = TypeVar("T")

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def job(log: PathLike, threads: int = 1) -> Iterator[None]:
    """Run a step: send its output to `log` and hold its linear algebra to `threads` threads.

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
