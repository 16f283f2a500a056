"""Tables on the pages of the benchmarks, each a function of the small files of results."""

import math
from pathlib import Path

import pandas as pd
import yaml

from benchmarks.docs_data import ENTERED, ORIGIN, read, rows_of
from benchmarks.docs_tables import Rows, gap_of
from blendmf.report.number_format import or_dash
from blendmf.resources.forecast import forecast

FORECAST_SIZES = (10**6, 10**8, 10**9, 10**10)
EXPONENTS = ("times_ratings", "time_exponent", "memory_exponent")


def speed(data: Path) -> Rows:
    """Million updates per second of each engine, by number of threads."""
    table = read(data, "benchmarks/engines.csv")
    threads = sorted(table["threads"].unique())
    yield (
        *("engine", "model", "d", "ratings"),
        *(f"{n} thread{'s' if n > 1 else ''}" for n in threads),
        *("bytes per update", "of the copy bandwidth"),
    )
    for (engine, variant, d, n), rows in table.groupby(
        ["engine", "variant", "latent_dim", "ratings"], sort=False
    ):
        million = rows.set_index("threads")["updates_per_second"] / 1e6
        yield (
            *(f"`{engine}`", f"`{variant}`", str(d), f"{n:,}"),
            *(or_dash(million.get(k, math.nan), ".3g") for k in threads),
            f"{rows['bytes_per_update'].iloc[0]:,}",
            f"{rows['share_of_copy_bandwidth'].max():.0%}",
        )


def peers(data: Path) -> Rows:
    """Every system on every data set: error, seconds of the fit, seconds to a common level."""
    table = read(data, "benchmarks/peers.csv")
    names = list(table["data_set"].unique())
    levels = table.groupby("data_set")["level_rmse"].first()
    yield (
        "system",
        *(
            head
            for name in names
            for head in (f"{name}: RMSE", "fit, s", f"to {levels[name]:.4f}, s")
        ),
    )
    columns = {"rmse": ".4f", "fit_seconds": ".3g", "seconds_to_level": ".3g"}
    for system, rows in table.groupby("system", sort=False):
        of = rows.set_index("data_set")
        yield (
            str(system),
            *(
                or_dash(of[column].get(name, math.nan), form)
                for name in names
                for column, form in columns.items()
            ),
        )


def peer_differences(data: Path) -> Rows:
    """The most accurate model here minus the most accurate other system."""
    yield "test part", "data", "RMSE, `bayes-content` minus myFM with words", "p"
    for row in rows_of(read(data, "benchmarks/peer-differences.csv")):
        yield (
            row.test_part,
            row.data_set,
            gap_of(row.difference, row.low, row.high),
            f"{row.p_value:g}",
        )


def known_answers(data: Path) -> Rows:
    """Known and found figures."""
    yield "system", "compared with", "data", "figure", "known", "found", "tolerance", "outcome"
    for row in rows_of(read(data, "benchmarks/known-answers.csv")):
        yield (
            *(row.system, row.compared_with, f"{row.data_set}, {row.protocol}"),
            "RMS difference of predictions" if row.metric == "predictions" else row.metric.upper(),
            *(f"{value:g}" for value in (row.known, row.found, row.tolerance)),
            row.outcome,
        )


def new_users(data: Path) -> Rows:
    """Users that join after the fit, against the same users in the fit."""
    yield (
        "estimator",
        "unknown",
        "added later",
        "in the fit",
        "added minus in the fit",
        "ms per user",
    )
    for row in rows_of(read(data, "benchmarks/new-users.csv")):
        yield (
            f"`{' '.join(row.estimator.split())}`",
            *map(or_dash, (row.unknown, row.folded_in, row.in_the_fit)),
            *(f"{row.loss:+.4f}", f"{row.milliseconds_per_user:.1f}"),
        )


def as_entered(file: str, data: Path) -> Rows:
    """A file as it is, with its column names as the header."""
    table = pd.read_csv(data / file, dtype=str)
    yield [str(name).replace("_", " ") for name in table]
    for row in table.fillna("").itertuples(index=False):
        yield list(row)


def scale(data: Path) -> Rows:
    """Processor seconds and peak MiB of every rule, by number of ratings."""
    table = read(data, "scale/rules.csv").fillna({"model": ""})
    sizes = sorted(table["ratings"].unique())
    yield "rule", *(f"{n:,}" for n in sizes), "times the ratings", "time", "memory"
    for (rule, model), rows in table.groupby(["rule", "model"], sort=False):
        of_size, first = rows.set_index("ratings"), rows.iloc[0]
        yield (
            f"`{rule}` {model}".strip(),
            *(
                f"{of_size.processor_seconds[n]:.1f} / {of_size.peak_mib[n]:,.0f}"
                if n in of_size.index
                else ""
                for n in sizes
            ),
            *(or_dash(first[name], ".2f") for name in EXPONENTS),
        )


def forecasts(data: Path) -> Rows:
    """Predicted memory and time of the default experiment on data of any size."""
    del data
    config = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    lines = [line.strip("| ").split(" | ") for line in forecast(config, FORECAST_SIZES)]
    yield from (lines[0], *lines[2:])


def origins(data: Path) -> Rows:
    """Where each file comes from."""
    yield "file in `docs/studies/data`", "made by", "origin"
    for row in rows_of(read(data, ORIGIN)):
        origin = f"**{ENTERED}**" if row.origin == ENTERED else row.origin
        yield f"`{row.file}`", f"`{row.command}`", origin
