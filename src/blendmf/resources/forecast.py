"""Forecast memory and time of the default experiment's jobs for data of any size.

``python -m blendmf.resources.forecast 1_000_000 100_000_000``, run in the project's folder, prints
a Markdown table: a row for each job, a column for each number of ratings.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from blendmf.config.checks import experiment
from blendmf.config.experiment import Experiment
from blendmf.config.variants import variants
from blendmf.resources.costs import peak_mb, seconds
from blendmf.resources.requests import job_of
from blendmf.resources.size import expected_size

RATINGS_PER_USER = 140
"""As in MovieLens."""

FACTORS, EPOCHS, LISTED_USERS, RESAMPLES = 32, 20, 10_000, 1000

SHARDS = 5
ONE_SHARD = f", one of {SHARDS} jobs"

JOBS = (
    *("import_tables", "split", "matrices", "content", "leakage", "fitted_on"),
    *("search mf-content", f"search mf-content{ONE_SHARD}", "train bias", "train svd"),
    *("train mf-content", "train bayes-content", "evaluate mf-content", "evaluate bayes-content"),
    *("recommend mf-content", "compare", "rank_sweep", "figures"),
)
"""Rule, and model if it has one."""


def forecast(config: Mapping[str, Any], ratings: Sequence[int]) -> Iterator[str]:
    """Lines of a Markdown table: peak memory in GB / processor minutes of each job.

    `config` is the default configuration; there is a column for each number of ratings.
    """
    yield f"| job | {' | '.join(_short(n) for n in ratings)} |"
    yield f"|---|{'---|' * len(ratings)}"
    experiments = [experiment(_of_size(config, n)) for n in ratings]
    for name in JOBS:
        rule, _, model = name.removesuffix(ONE_SHARD).partition(" ")
        wildcards = {"model": model} if model else {}
        wildcards |= {"shard": "1"} if name.endswith(ONE_SHARD) else {}
        cells = [_cell(found, rule, wildcards) for found in experiments]
        yield f"| `{rule}`{name.removeprefix(rule)} | {' | '.join(cells)} |"


def _cell(found: Experiment, rule: str, wildcards: Mapping[str, str]) -> str:
    variant = variants(found)["synthetic"]
    size = expected_size(variant.dataset, variant.content)
    job = job_of(rule, found, variant, size, wildcards)
    minutes = seconds(job) / 60
    return f"{peak_mb(job) / 1000:,.1f} / {f'{minutes:,.0f}' if minutes >= 1 else '< 1'}"


def _of_size(config: Mapping[str, Any], n: int) -> dict[str, Any]:
    """The experiment on `n` generated ratings, with a sample of users for the longest rankings."""
    changed = deepcopy(dict(config))
    # 10,000 items at ten million ratings, growing with the square root.
    size = {"users": n // RATINGS_PER_USER, "items": round((10 * n) ** 0.5), "ratings": n}
    changed["dataset"]["name"] = "synthetic"
    changed["dataset"]["synthetic"] |= size
    changed["training"] |= {"latent_dim": FACTORS, "epochs": EPOCHS}
    changed["search"]["space"]["latent_dim"] = {"low": 1, "high": FACTORS}
    changed["search"]["shards"] = SHARDS
    changed["models"]["svd"] |= {"rank": FACTORS, "search": False}
    changed["svd"]["ranks"] = [FACTORS]
    changed["evaluation"] |= {"full_users": LISTED_USERS, "bootstrap_resamples": RESAMPLES}
    changed["recommendations"]["users"] = LISTED_USERS
    return changed


def _short(n: int) -> str:
    for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if n >= unit:
            return f"{n / unit:g} {name}"
    return str(n)


def main() -> None:
    """Print the table for the numbers of ratings on the command line."""
    config = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    print(*forecast(config, [int(n) for n in sys.argv[1:]]), sep="\n")


if __name__ == "__main__":
    main()
