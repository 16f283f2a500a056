"""``make bench``: how fast the engines are, and what of the machine's memory speed they use.

    python -m benchmarks.engines [--engines E ...] [--variants V ...]
        [--ratings N ...] [--latent-dim D ...] [--threads T ...]

Every case runs in a process of its own, so that its peak memory is its own.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.bandwidth import copy_bandwidth
from benchmarks.engine_case import Case, as_argument
from benchmarks.engine_speed_figure import plot_engine_speed
from blendmf.common.errors import UserError
from blendmf.common.files import write_csv
from blendmf.common.job_log import progress
from blendmf.report.figures.style import save_figure
from blendmf.studies.engine_parity import VARIANTS

RESULTS = Path("results/benchmarks")
ENGINES = ("blocks", "torch")


def cases(
    ratings: Sequence[int],
    dims: Sequence[int],
    threads: Sequence[int],
    engines: Sequence[str] | None = None,
    variants: Sequence[str] | None = None,
) -> Iterator[Case]:
    """What is measured: what is asked for at all sizes, or else the survey.

    The survey has plain factorisation in blocks at all sizes; the other variants, and plain
    factorisation by the other engines, at one.
    """
    if engines or variants:
        for engine, variant in product(engines or ("blocks",), variants or ("mf",)):
            for n, d in product(ratings, dims):
                yield _case(engine, variant, n, d, threads)
        return
    for n, d in product(ratings, dims):
        yield _case("blocks", "mf", n, d, threads)
    middle, d = sorted(ratings)[len(ratings) // 2], min(dims)
    for variant in VARIANTS:
        if variant != "mf":
            yield _case("blocks", variant, middle, d, threads)
    for engine in ENGINES:
        if engine != "blocks":
            yield _case(engine, "mf", middle, d, threads)


def _case(engine: str, variant: str, n: int, d: int, threads: Sequence[int]) -> Case:
    entry = VARIANTS[variant]
    # Only the blocks take more threads than one.
    several = threads if engine == "blocks" else (1,)
    return Case(engine, entry["kind"], entry.get("blend"), n, d, several)


def run_case(case: Case) -> list[dict[str, Any]]:
    """Rows of a case, measured in a process of its own.

    Raises
    ------
    UserError
        If the process fails, with what it says.
    """
    command = [sys.executable, "-m", "benchmarks.engine_case", as_argument(case)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise UserError(f"the benchmark of {case} failed:\n{done.stderr}")
    return list(json.loads(done.stdout))


def with_share_of_bandwidth(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The rows with what they use of the copy bandwidth that as many threads have."""
    table = pd.DataFrame(rows)
    measured = {threads: copy_bandwidth(threads) for threads in sorted(set(table["threads"]))}
    moved = table["updates_per_second"] * table["bytes_per_update"]
    table.insert(7, "share_of_copy_bandwidth", moved / table["threads"].map(measured))
    table["copy_bytes_per_second"] = table["threads"].map(measured)
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all cases and write their table and its figure."""
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
    parser.add_argument("--engines", nargs="+", choices=ENGINES, help="these alone (blocks)")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), help="these alone (mf)")
    parser.add_argument("--ratings", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--latent-dim", type=int, nargs="+", default=[32, 64, 128])
    parser.add_argument("--threads", type=int, nargs="+", default=doubled)
    parser.add_argument("--output", type=Path, default=RESULTS)
    return parser


if __name__ == "__main__":
    main()
