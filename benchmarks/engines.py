"""``make bench``: speed of the training engines, and its share of the memory bandwidth.

    python -m benchmarks.engines [--engines E ...] [--variants V ...]
        [--ratings N ...] [--latent-dim D ...] [--threads T ...] [--batch-size B ...]

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
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.engine_case import ON_GPU, Case
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

GPU_COPIED_BYTES = 2**31


def cases(
    ratings: Sequence[int],
    dims: Sequence[int],
    threads: Sequence[int],
    engines: Sequence[str] | None = None,
    variants: Sequence[str] | None = None,
    batch_sizes: Sequence[int] = (Case.batch_size,),
) -> Iterator[Case]:
    """The requested engines and variants at all sizes; without a request, a survey.

    The survey measures plain factorisation in blocks at all sizes, and the other variants and
    engines at one size.
    """
    if engines or variants:
        asked = product(engines or ("blocks",), variants or ("mf",), ratings, dims)
        for engine, variant, n, d in asked:
            for batch_size in batch_sizes if engine == "torch" else batch_sizes[:1]:
                yield replace(_case(engine, variant, n, d, threads), batch_size=batch_size)
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
    """Add each row's share of the copy bandwidth of as many threads, or of the GPU."""
    table = pd.DataFrame(rows)
    on_gpu = table["engine"] == ON_GPU
    measured = {threads: copy_bandwidth(threads) for threads in sorted(set(table["threads"]))}
    bandwidth = table["threads"].map(measured)
    if on_gpu.any():
        bandwidth = bandwidth.mask(on_gpu, gpu_copy_bandwidth())
    moved = table["updates_per_second"] * table["bytes_per_update"]
    place = list(table.columns).index("bytes_per_update") + 1
    table.insert(place, "share_of_copy_bandwidth", moved / bandwidth)
    table["copy_bytes_per_second"] = bandwidth
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


def gpu_copy_bandwidth(repeats: int = 5) -> float:
    """Bytes per second that the GPU copies in its memory, counting bytes read and written."""
    import torch

    source = torch.ones(GPU_COPIED_BYTES // 8, dtype=torch.float64, device="cuda")
    target = torch.zeros_like(source)

    def seconds() -> float:
        torch.cuda.synchronize()
        start = time.perf_counter()
        target.copy_(source)
        torch.cuda.synchronize()
        return time.perf_counter() - start

    return 2 * GPU_COPIED_BYTES / min(seconds() for _ in range(repeats))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all cases and write the table and its figure."""
    options = _parser().parse_args(arguments)
    sizes = options.ratings, options.latent_dim, options.threads
    planned = list(cases(*sizes, options.engines, options.variants, options.batch_size))
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
    parser.add_argument(
        "--batch-size",
        type=int,
        nargs="+",
        default=[Case.batch_size],
        help="of torch, with --engines or --variants",
    )
    parser.add_argument("--output", type=Path, default=RESULTS)
    return parser


if __name__ == "__main__":
    main()
