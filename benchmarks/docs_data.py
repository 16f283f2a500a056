"""The small files of results behind the pages of the studies: ``docs/studies/data``.

Each file has columns and rows of one file of a run.
"""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from blendmf.common.files import read_json, write_text

DATA = Path("docs/studies/data")
IMAGES = Path("docs/images")
DATA_SETS = ("ml-100k", "ml-latest-small")

BLENDED = ("bayes-content", "bayes", "mf-content", "mf", "content-only", "bias")
"""Models of the tables that have several rows per model."""


ABLATIONS = {
    "ablation": "make ablation",
    "ablation-bayes": "make ablation with ablation.model: bayes-content",
}
"""Folders of ablations in a data set's results, and their commands.

A run writes to the first folder; rename it to the second one after a run for the Bayesian model.
"""

OF_VARIANTS = (
    *("arm", "role", "rmse", "difference", "low", "high"),
    *("p_holm", "holds", "same_content"),
)
OF_PLACEBOS = (
    *("n_placebos", "mean", "lowest", "highest", "true_content", "n_beaten"),
    *("p_value", "smallest_p_value", "distance", "difference", "low", "high"),
)
"""Columns that are kept of the two files of an ablation."""

OF_PARITY = ("model", "seed", "engine", "device", "difference", "tolerance")
OF_ENGINES = (
    *("engine", "variant", "threads", "ratings", "latent_dim", "batch_size"),
    *("updates_per_second", "bytes_per_update", "share_of_copy_bandwidth"),
)


class Source(NamedTuple):
    """A file of results, and what is kept of it; `{}` in paths stands for every data set."""

    file: str
    result: str
    command: str
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[str, ...]] = {}


SOURCES = (
    Source(
        "{}/models.csv",
        "{}/comparison/table.csv",
        "make report",
        (
            *("model", "seeds", "rmse", "rmse_low", "rmse_high", "mae"),
            *("rated_precision_at_k", "rated_recall_at_k", "rated_ndcg_at_k", "full_ndcg_at_k"),
        ),
    ),
    Source(
        "{}/differences.csv",
        "{}/comparison/differences.csv",
        "make report",
        (
            *("metric", "model_a", "model_b", "difference", "low", "high"),
            *("p_value", "p_holm", "seed_sd"),
        ),
        {"metric": ("rmse",), "model_a": BLENDED, "model_b": BLENDED},
    ),
    Source(
        "{}/strata.csv",
        "{}/comparison/strata.csv",
        "make report",
        ("model", "stratum", "bin", "n_ratings", "rmse"),
        {"stratum": ("cold-start",), "model": BLENDED},
    ),
    Source(
        "{}/rank-sweep.csv",
        "{}/svd/rank-sweep.csv",
        "make report",
        ("method", "rank", "validation_rmse", "test_rmse"),
    ),
    Source(
        "{}/audit.csv",
        "{}/audit/audit.csv",
        "make audit",
        (
            *("arm", "scheme", "tags", "model", "rmse", "rmse_low", "rmse_high", "n_ratings"),
            *("content_minus_plain", "content_low", "content_high", "content_p_holm"),
            *("content_finding", "change", "change_low", "change_high"),
            *("test_older_than_training_of_item", "test_item_cold"),
            *("tags_after_test_rating", "tags_after_by_own_user"),
        ),
        {"model": BLENDED},
    ),
    *(
        Source(f"{{}}/{study}.csv", f"{{}}/{study}/ablation.csv", command, OF_VARIANTS)
        for study, command in ABLATIONS.items()
    ),
    *(
        Source(f"{{}}/{study}-placebos.csv", f"{{}}/{study}/placebos.json", command, OF_PLACEBOS)
        for study, command in ABLATIONS.items()
    ),
    Source("benchmarks/engines.csv", "benchmarks/engines.csv", "make bench", OF_ENGINES),
    Source(
        "benchmarks/engines-gpu.csv",
        "benchmarks/gpu/engines.csv",
        "make bench with options, on a machine with a GPU",
        (*OF_ENGINES, "peak_gpu_mib"),
    ),
    Source(
        "benchmarks/parts.csv",
        "benchmarks/parts.csv",
        "make parts",
        ("variant", "data_set", "rmse", "sd"),
    ),
    Source("{}/parity.csv", "{}/parity/parity.csv", "make parity", OF_PARITY),
    Source(
        "benchmarks/parity-gpu.csv",
        "benchmarks/gpu/parity.csv",
        "make parity on a machine with a GPU",
        OF_PARITY,
    ),
    Source(
        "benchmarks/peers.csv",
        "benchmarks/peers.csv",
        "make peers",
        ("data_set", "system", "rmse", "fit_seconds", "level_rmse", "seconds_to_level"),
    ),
    Source(
        "benchmarks/published.csv",
        "benchmarks/published.csv",
        "make published",
        ("split", "system", "rmse", "low", "high", "fits", "uses", "note", "source"),
    ),
    *(
        Source(
            f"benchmarks/peer-differences{splits}.csv",
            f"benchmarks/{folder}differences.csv",
            "make peers",
            ("data_set", "system", "difference", "low", "high", "p_value"),
            {"metric": ("rmse",)},
        )
        for splits, folder in (("", ""), ("-other-splits", "other-splits/"))
    ),
    Source(
        "benchmarks/new-users.csv",
        "benchmarks/new-users.csv",
        "make new-users",
        ("estimator", "folded_in", "unknown", "in_the_fit", "loss", "milliseconds_per_user"),
    ),
    Source(
        "benchmarks/kills.csv",
        "benchmarks/kills.csv",
        "make test-faults",
        ("chain", "signal", "victim", "scripts", "locked", "equal"),
    ),
    Source(
        "benchmarks/known-answers.csv",
        "known-answers/known-answers.csv",
        "make known-answers",
        (
            *("protocol", "data_set", "system", "compared_with", "metric"),
            *("known", "found", "tolerance", "outcome"),
        ),
        {"metric": ("predictions", "rmse")},
    ),
    Source(
        "scale/rules.csv",
        "scale/rules.csv",
        "make report ARGS='--configfile workflow/experiments/scale.yaml'",
        (
            *("rule", "model", "ratings", "processor_seconds", "peak_mib"),
            *("times_ratings", "time_exponent", "memory_exponent"),
        ),
    ),
)

PICTURES = {
    "results.svg": "ml-100k/figures/comparison.svg",
    "{}/cold-start.svg": "{}/figures/cold-start.svg",
    "{}/audit.svg": "{}/audit/audit.svg",
    **{f"{{}}/{study}.svg": f"{{}}/{study}/ablation.svg" for study in ABLATIONS},
    "engines.svg": "benchmarks/engines.svg",
    "time-to-accuracy.svg": "benchmarks/time-to-accuracy.svg",
    "scale.svg": "scale/rules.svg",
}
"""Pictures below `IMAGES`, and the files of results that they are copies of."""


def refresh(results: Path, data: Path = DATA, images: Path = IMAGES) -> list[str]:
    """Copy what `results` has to the small files and the pictures; names of the files.

    Files whose results are missing stay as they are.
    """
    copied = []
    for source in SOURCES:
        for file, result in _each(source.file, source.result):
            if (results / result).is_file():
                text = _kept(source, results / result).to_csv(index=False, float_format="%.9g")
                write_text(data / file, text)
                copied.append(file)
    for pattern, of_result in PICTURES.items():
        for file, result in _each(pattern, of_result):
            if (results / result).is_file():
                (images / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(results / result, images / file)
    return copied


def read(data: Path, file: str) -> pd.DataFrame:
    """One of the small files."""
    return pd.read_csv(data / file)


def commands() -> dict[str, str]:
    """The command that makes the results of each of the small files."""
    return {
        file: source.command for source in SOURCES for file, _ in _each(source.file, source.result)
    }


def rows_of(table: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table, with a column's value as an attribute."""
    yield from table.itertuples(index=False)


def _each(file: str, result: str) -> Iterator[tuple[str, str]]:
    for name in DATA_SETS if "{}" in file else ("",):
        yield file.format(name), result.format(name)


def _kept(source: Source, path: Path) -> pd.DataFrame:
    """Columns and rows that are kept of a file of results."""
    found = pd.DataFrame([read_json(path)]) if path.suffix == ".json" else pd.read_csv(path)
    for column, values in source.rows.items():
        found = found[found[column].isin(values)]
    return found[list(source.columns)]
