"""How fast the machine's memory copies, the yardstick of what an engine could reach."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

MEBIBYTE = 1 << 20
PIECE = 256 * MEBIBYTE
"""Bytes that each thread copies, several times what the caches hold."""


def copy_bandwidth(threads: int, repeats: int = 5) -> float:
    """Bytes per second that threads copy between arrays in memory, read and written bytes counted.

    The fastest of some repeats, as in J. McCalpin's STREAM, whose "copy" this is.
    """
    pairs = [
        (np.ones(PIECE // 8), np.zeros(PIECE // 8)) for _ in range(threads)
    ]  # written once, so that the pages are there
    with ThreadPoolExecutor(threads) as pool:

        def seconds() -> float:
            start = time.perf_counter()
            for copied in [pool.submit(np.copyto, target, source) for source, target in pairs]:
                copied.result()
            return time.perf_counter() - start

        return 2 * PIECE * threads / min(seconds() for _ in range(repeats))
