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

from blendmf.config.validate import complete_config
from blendmf.config.variants import arms
from blendmf.resources.costs import peak_mb, seconds
from blendmf.resources.requests import job_of
from blendmf.resources.size import expected_size

RATINGS_PER_USER = 140
"""As in MovieLens."""

FACTORS, EPOCHS, LISTED_USERS, RESAMPLES = 32, 20, 10_000, 1000

SHARDS = 5
ONE_SHARD = f", one of {SHARDS} jobs"

JOBS = (
    *("import_tables", "split", "matrices", "places", "content", "leakage", "fitted_on"),
    *("search mf-content", f"search mf-content{ONE_SHARD}", "train bias", "train svd"),
    *("train mf-content", "train bayes-content", "evaluate mf-content", "evaluate bayes-content"),
    *("recommend mf-content", "compare", "rank_sweep", "plot_ratings"),
)
"""Rule, and model where there is one."""


def forecast(
    config: Mapping[str, Any], schema: Mapping[str, Any], ratings: Sequence[int]
) -> Iterator[str]:
    """Lines of a Markdown table: peak memory in GB / processor minutes of each job.

    Parameters
    ----------
    config, schema : mapping
        The default experiment, before it is completed, and the schema of configurations.
    ratings : sequence of int
        Number of ratings of each column.
    """
    yield f"| job | {' | '.join(_short(n) for n in ratings)} |"
    yield f"|---|{'---|' * len(ratings)}"
    experiments = [_of_size(config, n) for n in ratings]
    for experiment in experiments:
        complete_config(experiment, schema)
    for name in JOBS:
        rule, _, model = name.removesuffix(ONE_SHARD).partition(" ")
        wildcards = {"model": model, "seed": "1"} if model else {}
        wildcards |= {"shard": "1"} if name.endswith(ONE_SHARD) else {}
        cells = [_cell(experiment, rule, wildcards) for experiment in experiments]
        yield f"| `{rule}`{name.removeprefix(rule)} | {' | '.join(cells)} |"


def _cell(config: dict[str, Any], rule: str, wildcards: Mapping[str, str]) -> str:
    arm = arms(config)["synthetic"]
    size = expected_size(arm.dataset, arm.content)
    job = job_of(rule, config, arm, size, wildcards)
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
    paths = ("config.yaml", "workflow/schemas/config.schema.yaml")
    config, schema = (yaml.safe_load(Path(path).read_text(encoding="utf-8")) for path in paths)
    print(*forecast(config, schema, [int(n) for n in sys.argv[1:]]), sep="\n")


if __name__ == "__main__":
    main()
