"""``make known-answers``: check that published figures are reproduced.

    python -m benchmarks.known_answers results/ml-100k results/ml-latest-small

Published systems are fitted with their published settings to this project's split and scored by
its metrics: reproducing the published figures validates split and metrics. This project's
models with the same settings must then reach the same accuracy. Each system runs in its own
process.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import yaml

from benchmarks import environment
from benchmarks.known_checks import Check, known_checks, table_of, verdict
from benchmarks.protocols import KnownSystem, Protocol, Tables
from benchmarks.systems import Runner
from blendmf.common.files import write_csv
from blendmf.studies.small_matrix import small_matrix

NO_DATA = "its data are not here; see BLENDMF_DATA in docs/how-to/own-data.md"
SLOW = "it takes long, and --fast leaves it out"


def main(arguments: Sequence[str] | None = None) -> None:
    """Check every known figure, write the table, and exit with status 1 if a figure is off."""
    options = _parser().parse_args(arguments)
    plan = yaml.safe_load(options.plan.read_text(encoding="utf-8"))
    runner = Runner(options.adapters, options.environment, threads=1, seed=plan["seed"])
    tables = {folder.name: Tables.of_results(folder) for folder in options.results}
    protocols = [Protocol(**entry) for entry in plan["protocols"]]
    checks = list(small_matrix_checks(plan["small_matrix"], plan["seed"]))
    for protocol in protocols:
        for known in protocol.systems:
            checks += _checks(protocol, known, tables, runner, fast=options.fast)
    write_csv(options.output / "known-answers.csv", table_of(checks))
    agree, report = verdict(checks)
    print(report)
    if not agree:
        sys.exit(1)


def small_matrix_checks(plan: Mapping[str, Any], seed: int) -> Iterator[Check]:
    """Check each method of the small-matrix study, and that none is below the theoretical bound."""
    errors = small_matrix(plan["rank"], plan["sgd_epochs"], plan["adam_steps"], seed).errors
    squared_error = dict(zip(errors["method"], errors["squared_error"].astype(float), strict=True))
    for method, entry in plan["published"].items():
        yield Check(
            *("small matrix", "small-matrix", f"blendmf {method}", plan["source"]),
            *("squared_error", entry["squared_error"], squared_error[method], entry["tolerance"]),
        )
    excess = float(np.maximum(errors["bound"] - errors["squared_error"], 0).max())
    yield Check(
        *("small matrix", "small-matrix", "every method", "Eckart-Young", "below_the_bound"),
        *(0.0, excess, plan["rounding"]),
    )


def _checks(
    protocol: Protocol,
    known: KnownSystem,
    tables: Mapping[str, Tables],
    runner: Runner,
    *,
    fast: bool,
) -> Iterator[Check]:
    """Checks of a system on every data set with published figures, printed one by one."""
    for data_set, published in known.published.items():
        reason = NO_DATA if data_set not in tables else SLOW if known.slow and fast else ""
        if reason:
            for metric, figure in published.items():
                yield Check(
                    *(protocol.name, data_set, known.system, protocol.source, metric),
                    *(figure, np.nan, known.tolerance[metric]),
                    skipped=True,
                    note=reason,
                )
            continue
        with TemporaryDirectory() as scratch:
            for check in known_checks(protocol, known, tables[data_set], runner, Path(scratch)):
                print(f"{check.outcome}: {check}", flush=True)
                yield check


def _parser() -> argparse.ArgumentParser:
    parser = environment.parser_of(
        "benchmarks.known_answers",
        "Check that published figures are reproduced.",
        "its data",
        "results/known-answers",
    )
    environment.add_path(parser, "--plan", "benchmarks/known-answers.yaml", "the known figures")
    environment.add_path(parser, "--adapters", "benchmarks/adapters", "folder of the adapters")
    parser.add_argument("--fast", action="store_true", help="leave out the slow systems")
    return parser


if __name__ == "__main__":
    main()
