"""Tables on the pages of the benchmarks, each a function of the small files of results."""

import math
from pathlib import Path

import yaml

from benchmarks.docs_data import DATA_SETS, commands, read, rows_of
from benchmarks.docs_tables import Rows, gap_of
from benchmarks.published import FURTHER_INFORMATION
from blendmf.report.number_format import or_dash
from blendmf.resources.costs import COSTS, RULES
from blendmf.resources.forecast import forecast

FORECAST_SIZES = (10**6, 10**8, 10**9, 10**10)
UNIT_NAMES = {
    "rating": "rating",
    "block_rating": "rating up to a million",
    "train_rating": "training rating",
    "user": "user",
    "item": "item",
    "tag": "tag",
    "text_byte": "byte of text",
    "long_byte": "byte of long lines",
    "factor": "user and item and factor",
    "drawn_factor": "user and item and factor and draw",
    "user_word": "user and word",
    "met_word": "user and word of an item rated by the user",
    "item_word": "word and factor",
    "neighbour": "item and neighbour",
    "gpu": "GPU",
    "torch_cuda": "PyTorch with CUDA",
    "block_factor": "rating up to 262,144 and factor",
    "train_epoch": "training rating and epoch",
    "train_epoch_factor": "training rating and epoch and factor",
    "train_epoch_factor2": "training rating and epoch and factor squared",
    "train_epoch_word": "training rating and epoch with user words",
    "train_factor": "training rating and factor",
    "train_item": "training rating and item",
    "factor_epoch": "user and item and factor and epoch",
    "rating_neighbour": "rating and neighbour",
    "listed_user": "user with a list",
    "listed_item": "item of a whole catalogue in a list",
    "recommended": "recommended item",
    "score": "user and scored fit",
    "resample": "resample",
    "resampled_user": "resample and user",
    "resampled_score": "resample and user and scored fit",
    "resampled_pair": "resample and pair of scored fits",
}
"""Units of `blendmf.resources.costs`, as the table of growth names them."""

EXPONENTS = ("times_ratings", "time_exponent", "memory_exponent")


def speed(data: Path, file: str = "benchmarks/engines.csv") -> Rows:
    """Million updates per second of each engine, by number of threads."""
    table = read(data, file)
    threads = sorted(table["threads"].unique())
    yield (
        *("engine", "model", "d", "ratings", "per step"),
        *(f"{n} thread{'s' if n > 1 else ''}" for n in threads),
        *("bytes per update", "of the copy bandwidth"),
    )
    for (engine, variant, d, n, batch_size), rows in table.groupby(
        ["engine", "variant", "latent_dim", "ratings", "batch_size"], sort=False
    ):
        million = rows.set_index("threads")["updates_per_second"] / 1e6
        yield (
            *(f"`{engine}`", f"`{variant}`", str(d), f"{n:,}", f"{batch_size:,}"),
            *(or_dash(million.get(k, math.nan), ".3g") for k in threads),
            f"{rows['bytes_per_update'].iloc[0]:,.0f}",
            f"{rows['share_of_copy_bandwidth'].max():.1%}",
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
    """Test RMSE of the most accurate model here minus that of the most accurate other system."""
    yield "split", "RMSE, `bayes-content` minus myFM with words", "p"
    for file in ("benchmarks/peer-differences.csv", "benchmarks/peer-differences-other-splits.csv"):
        table = read(data, file)
        for row in rows_of(table[table["system"] == "blendmf bayes with words"]):
            gap = gap_of(row.difference, row.low, row.high)
            yield row.data_set, gap, f"{row.p_value:.2g}"


def published_splits(data: Path, *, ratings_only: bool) -> Rows:
    """Systems on published splits: those that use ratings alone, or the others."""
    table = read(data, "benchmarks/published.csv").fillna({"fits": "", "note": ""})
    further = table["uses"].str.contains("|".join(FURTHER_INFORMATION))
    yield "split", "system", "RMSE", "95 % interval", "uses", "note", "source"
    for row in rows_of(table[~further if ratings_only else further]):
        yield (
            *(row.split, row.system, f"{row.rmse:.4g}"),
            f"{row.low:.4g} to {row.high:.4g}" if math.isfinite(row.low) else or_dash(row.low),
            *(row.uses, "; ".join(filter(None, (row.fits, row.note))), row.source),
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


def kills(data: Path) -> Rows:
    """Kills of a run by signal and victim, and what became of them."""
    table = read(data, "benchmarks/kills.csv").fillna({"scripts": ""})
    yield (
        "signal",
        "sent to",
        "kills",
        "kinds of running jobs",
        "unlocked afterwards",
        "equal bytes",
    )
    for (signal, victim), rows in table.groupby(["signal", "victim"]):
        scripts = sorted({name for names in rows["scripts"] for name in names.split()})
        counts = len(rows), len(scripts), rows["locked"].sum(), rows["equal"].sum()
        yield str(signal), str(victim), *map(str, counts)


def parts(data: Path) -> Rows:
    """Validation RMSE of every variant, with the standard deviation over seeds."""
    table = read(data, "benchmarks/parts.csv")
    names = list(table["data_set"].unique())
    yield "variant", *names
    for variant, rows in table.groupby("variant", sort=False):
        of = rows.set_index("data_set")
        yield str(variant), *(f"{of.rmse[name]:.4f} ± {of.sd[name]:.4f}" for name in names)


def agreement(data: Path) -> Rows:
    """Largest difference in test RMSE between the engines, by data set and device."""
    yield "data set", "PyTorch on", "fits", "largest difference", "tolerance"
    runs = {name: f"{name}/parity.csv" for name in DATA_SETS}
    for name, file in (runs | {"ml-100k, with a GPU": "benchmarks/parity-gpu.csv"}).items():
        table = read(data, file)
        for device, fits in table[table["engine"] == "torch"].groupby("device"):
            largest, tolerance = fits["difference"].abs().max(), fits["tolerance"].iloc[0]
            yield name, str(device), str(len(fits)), f"{largest:.5f}", f"{tolerance:g}"


def growth(data: Path) -> Rows:
    """Memory and time above start-up of each class of jobs, per unit of its size."""
    del data
    yield "jobs", "start-up, MB", "bytes of memory", "microseconds of one thread"
    for name, costs in COSTS.items():
        rules = [f"`{rule}`" for rule, owner in RULES.items() if owner == name]
        yield (
            ", ".join(rules) or f"a fit by `{name}`",
            f"{costs.start_mb:g}",
            *(
                "; ".join(f"{cost:,.9g} per {UNIT_NAMES[unit]}" for unit, cost in of_units.items())
                for of_units in (costs.memory, costs.time)
            ),
        )


def scale(data: Path) -> Rows:
    """Processor seconds and peak MiB of every rule, by number of ratings."""
    table = read(data, "scale/rules.csv").fillna({"model": ""})
    sizes = sorted(table["ratings"].unique())
    yield "rule", *(f"{n:,}" for n in sizes), "times the ratings", "time", "memory"
    for (rule, model), rows in table.groupby(["rule", "model"], sort=False):
        of_size, largest = rows.set_index("ratings"), rows.sort_values("ratings").iloc[-1]
        yield (
            f"`{rule}` {model}".strip(),
            *(
                f"{of_size.processor_seconds[n]:.1f} / {of_size.peak_mib[n]:,.0f}"
                if n in of_size.index
                else ""
                for n in sizes
            ),
            *(or_dash(largest[name], ".2f") for name in EXPONENTS),
        )


def forecasts(data: Path) -> Rows:
    """Predicted memory and time of the default experiment on data of any size."""
    del data
    config = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    lines = [line.strip("| ").split(" | ") for line in forecast(config, FORECAST_SIZES)]
    yield from (lines[0], *lines[2:])


def origins(data: Path) -> Rows:
    """Where each file comes from."""
    yield "file in `docs/studies/data`", "made by"
    for file, command in sorted(commands().items()):
        if (data / file).is_file():
            yield f"`{file}`", f"`{command}`"
