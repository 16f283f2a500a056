"""``make bench``: speed of the training engines, and its share of the memory bandwidth.

    python -m benchmarks.engines [--engines E ...] [--variants V ...]
        [--ratings N ...] [--latent-dim D ...] [--threads T ...]

Each case runs in its own process, so that its peak memory is measured separately.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.engine_case import Case
from benchmarks.figures import plot_engine_speed
from blendmf.common.errors import UserError
from blendmf.common.files import write_csv
from blendmf.common.job_log import progress
from blendmf.report.figure_files import save_figure
from blendmf.studies.engine_parity import COMPARED_MODELS

RESULTS = Path("results/benchmarks")
ENGINES = ("blocks", "torch")

COPIED_BYTES = 2**28
"""Bytes that each thread copies to measure the bandwidth, several times the size of the caches."""


def cases(
    ratings: Sequence[int],
    dims: Sequence[int],
    threads: Sequence[int],
    engines: Sequence[str] | None = None,
    variants: Sequence[str] | None = None,
) -> Iterator[Case]:
    """The requested engines and variants at all sizes; without a request, a survey.

    The survey measures plain factorisation in blocks at all sizes, and the other variants and
    engines at one size.
    """
    if engines or variants:
        for engine, variant in product(engines or ("blocks",), variants or ("mf",)):
            for n, d in product(ratings, dims):
                yield _case(engine, variant, n, d, threads)
        return
    for n, d in product(ratings, dims):
        yield _case("blocks", "mf", n, d, threads)
    middle, d = sorted(ratings)[len(ratings) // 2], min(dims)
    for variant in COMPARED_MODELS:
        if variant != "mf":
            yield _case("blocks", variant, middle, d, threads)
    for engine in ENGINES:
        if engine != "blocks":
            yield _case(engine, "mf", middle, d, threads)


def _case(engine: str, variant: str, n: int, d: int, threads: Sequence[int]) -> Case:
    entry = COMPARED_MODELS[variant]
    # Only the engine in blocks supports several threads.
    several = threads if engine == "blocks" else (1,)
    return Case(engine, entry["kind"], entry.get("blend"), n, d, several)


def run_case(case: Case) -> list[dict[str, Any]]:
    """Measure a case in its own process, one row per number of threads.

    If the process fails, a UserError has its error output.
    """
    command = [sys.executable, "-m", "benchmarks.engine_case", json.dumps(asdict(case))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise UserError(f"the benchmark of {case} failed:\n{done.stderr}")
    return list(json.loads(done.stdout))


def with_share_of_bandwidth(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Add each row's share of the copy bandwidth of as many threads."""
    table = pd.DataFrame(rows)
    measured = {threads: copy_bandwidth(threads) for threads in sorted(set(table["threads"]))}
    moved = table["updates_per_second"] * table["bytes_per_update"]
    table.insert(7, "share_of_copy_bandwidth", moved / table["threads"].map(measured))
    table["copy_bytes_per_second"] = table["threads"].map(measured)
    return table


def copy_bandwidth(threads: int, repeats: int = 5) -> float:
    """Bytes per second that threads copy in memory, counting bytes read and written.

    The fastest of some repeats of the "copy" kernel of J. McCalpin's STREAM benchmark.
    """
    # Both arrays are written once, so that their pages exist.
    pairs = [(np.ones(COPIED_BYTES // 8), np.zeros(COPIED_BYTES // 8)) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:

        def seconds() -> float:
            start = time.perf_counter()
            for copied in [pool.submit(np.copyto, target, source) for source, target in pairs]:
                copied.result()
            return time.perf_counter() - start

        return 2 * COPIED_BYTES * threads / min(seconds() for _ in range(repeats))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all cases and write the table and its figure."""
    options = _parser().parse_args(arguments)
    sizes = options.ratings, options.latent_dim, options.threads
    planned = list(cases(*sizes, options.engines, options.variants))
    rows = [row for case in progress(planned, "cases") for row in run_case(case)]
    table = with_share_of_bandwidth(rows)
    write_csv(options.output / "engines.csv", table)
    save_figure(
        options.output / "engines.svg",
        plot_engine_speed(table),
        "Updates per second of each engine and variant",
    )
    print(table.to_string(index=False))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure the speed of the training engines.")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    doubled = [1 << k for k in range((cores or 1).bit_length())]
    parser.add_argument("--engines", nargs="+", choices=ENGINES, help="only these (blocks)")
    parser.add_argument(
        "--variants", nargs="+", choices=list(COMPARED_MODELS), help="only these (mf)"
    )
    parser.add_argument("--ratings", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--latent-dim", type=int, nargs="+", default=[32, 64, 128])
    parser.add_argument("--threads", type=int, nargs="+", default=doubled)
    parser.add_argument("--output", type=Path, default=RESULTS)
    return parser


if __name__ == "__main__":
    main()
