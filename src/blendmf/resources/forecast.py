"""What the jobs of the default experiment would take on data of any size, as a table.

``python -m blendmf.resources.forecast 1_000_000 100_000_000`` prints a row per job, its peak memory
and the processor minutes of one thread for each number of ratings; in the project's folder, whose
``config.yaml`` it reads.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from blendmf.config.validate import complete_config
from blendmf.config.variants import arms
from blendmf.resources.job import job_of
from blendmf.resources.memory import peak_mb
from blendmf.resources.runtime import seconds
from blendmf.resources.size import expected_size

RATINGS_PER_USER = 140
"""As in MovieLens."""

ITEMS, AT_RATINGS = 10_000, 10_000_000
"""Items at a number of ratings; they grow with the square root of it."""

FACTORS, EPOCHS = 32, 20

FULL_USERS = 10_000
"""Users for whom the catalogue is ranked, and recommended from."""

RESAMPLES = 1000

SHOWN: Sequence[tuple[str, str | None, bool]] = (
    *(("import_tables", None, False), ("split", None, False), ("matrices", None, False)),
    *(
        ("places", None, False),
        ("content", None, False),
        ("leakage", None, False),
        ("fitted_on", None, False),
    ),
    *(("search", "mf-content", False), ("search", "mf-content", True)),
    *(("train", "bias", False), ("train", "svd", False), ("train", "mf-content", False)),
    *(("train", "bayes-content", False), ("evaluate", "mf-content", False)),
    *(("evaluate", "bayes-content", False), ("recommend", "mf-content", False)),
    *(("compare", None, False), ("rank_sweep", None, False), ("plot_ratings", None, False)),
)
"""Rule, model, and whether the job is one of as many as a generation has trials."""


def forecast(
    config: Mapping[str, Any], schema: Mapping[str, Any], ratings: Sequence[int]
) -> Iterator[str]:
    """Lines of a Markdown table: memory in GB and processor minutes of each job.

    Parameters
    ----------
    config : mapping
        The default experiment, before it is completed.
    schema : mapping
        Of configurations.
    ratings : sequence of int
        One column for each.
    """
    yield f"| job | {' | '.join(_short(n) for n in ratings)} |"
    yield f"|---|{'---|' * len(ratings)}"
    for rule, model, sharded in SHOWN:
        cells = [_cell(config, schema, n, rule, model, sharded) for n in ratings]
        name = f"`{rule}`{f' {model}' if model else ''}{', one trial' if sharded else ''}"
        yield f"| {name} | {' | '.join(cells)} |"


def _cell(
    config: Mapping[str, Any],
    schema: Mapping[str, Any],
    n: int,
    rule: str,
    model: str | None,
    sharded: bool,
) -> str:
    of_size = _of_size(config, n, sharded)
    complete_config(of_size, schema)
    arm = arms(of_size)["synthetic"]
    size = expected_size(arm.dataset, arm.content)
    job = job_of(rule, of_size, arm, size, model, sharded=sharded)
    minutes = seconds(rule, job) / 60
    return f"{peak_mb(rule, job) / 1000:,.1f} / {f'{minutes:,.0f}' if minutes >= 1 else '< 1'}"


def _of_size(config: Mapping[str, Any], n: int, sharded: bool) -> dict[str, Any]:
    """The experiment on generated data of `n` ratings, its widest rankings limited."""
    changed = deepcopy(dict(config))
    items = round(ITEMS * (n / AT_RATINGS) ** 0.5)
    changed["dataset"]["name"] = "synthetic"
    changed["dataset"]["synthetic"] |= {
        "users": n // RATINGS_PER_USER,
        "items": items,
        "ratings": n,
    }
    changed["training"] |= {"latent_dim": FACTORS, "epochs": EPOCHS}
    changed["search"]["space"]["latent_dim"] = {"low": 1, "high": FACTORS}
    changed["models"]["svd"] |= {"rank": FACTORS, "search": False}
    changed["svd"]["ranks"] = [FACTORS]
    changed["evaluation"] |= {"full_users": FULL_USERS, "bootstrap_resamples": RESAMPLES}
    changed["recommendations"]["users"] = FULL_USERS
    if sharded:
        changed["search"]["shards"] = changed["search"]["trials_per_generation"]
    return changed


def _short(n: int) -> str:
    for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if n >= unit:
            return f"{n / unit:g} {name}"
    return str(n)


def main() -> None:
    """Print the table for the numbers of ratings on the command line."""
    config, schema = (
        yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        for path in ("config.yaml", "workflow/schemas/config.schema.yaml")
    )
    print(*forecast(config, schema, [int(n) for n in sys.argv[1:]]), sep="\n")


if __name__ == "__main__":
    main()
