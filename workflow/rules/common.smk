# What all rules share: the checked configuration, and the lookups that they are written with.
import os
import re
import sys
from math import ceil
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError
from snakemake.io import flag
from snakemake.path_modifier import PATH_MODIFIER_FLAG

# The library is that of this working copy, if there is one, whatever is installed.
SOURCES = Path(str(workflow.current_basedir)).parents[1] / "src"
if SOURCES.is_dir():
    sys.path.insert(0, str(SOURCES))

from blendmf.config.variants import Arm, ablation_arms, arms
from blendmf.config.validate import complete_config, data_sets
from blendmf.ingest.catalogue import expected_ratings
from blendmf.ingest.local_copies import local_files
from blendmf.common.errors import UserError
from blendmf.config.model_kinds import (
    KIND_DEFAULTS,
    is_searched,
    is_trained,
    only_ranks,
    seeds_of,
    uses_content,
    uses_places,
)
from blendmf.common.imported_files import imported_files, make_importable

SCHEMA = yaml.safe_load(
    Path(workflow.source_path("../schemas/config.schema.yaml")).read_text()
)

try:
    complete_config(config, SCHEMA)
except UserError as error:
    raise WorkflowError(str(error))

DATA_SETS = data_sets(config)
ARMS = arms(config)
DATASET = "results/{dataset}"
# Where results are that are looked into while planning; a module's prefix may stand before it.
RESULTS = workflow.modifier.path_modifier.modify("results")
MODELS = config["models"]
SEARCHED = [name for name, entry in MODELS.items() if is_searched(entry)]
FITS = [
    {"model": name, "seed": seed}
    for name, entry in MODELS.items()
    for seed in seeds_of(entry, config["seeds"])
]
FIGURES = [
    "ratings",
    "learning-curves",
    "rank-sweep",
    "comparison",
    "differences",
    "cold-start",
    "strata",
]
GENERATIONS = ceil(
    config["search"]["trials"] / config["search"]["trials_per_generation"]
)
SHARDS = config["search"]["shards"]


if SOURCES.is_dir():
    make_importable(SOURCES)


wildcard_constraints:
    dataset="|".join(re.escape(folder) for folder in ARMS),
    model=r"[A-Za-z][A-Za-z0-9._-]*",
    seed=r"\d+",
    generation=r"\d+",
    shard=r"\d+",


def library(script: str) -> list[str]:
    """Files of the library that a script uses, so that an edit of one reruns the rule.

    Their paths are relative, so that a project that is moved reruns nothing, and final: they are
    sources, to which neither a module's prefix nor a default storage applies.
    """
    path = Path(workflow.source_path(f"../../scripts/{script}.py"))
    return [
        flag(os.path.relpath(file), PATH_MODIFIER_FLAG) for file in imported_files(path)
    ]


def configured_files() -> list[str]:
    """Files under `dataset.path`, so that an edit of one's own data reruns everything.

    Copies under BLENDMF_DATA do not count: data that were fetched stay, whether or not a later
    run knows the folder that they came from.
    """
    dataset = config["dataset"]
    files = local_files(dataset["name"], dataset["path"], {}, dataset["csv"])
    return [local(file) for file in files]


def fits(pattern: str, models: list[str] | None = None) -> list[str]:
    """One path per fit of the experiment, or of some of its models, in the order of FITS."""
    return [
        f"{DATASET}/{pattern.format(**fit)}"
        for fit in FITS
        if models is None or fit["model"] in models
    ]


def shards(model: str, generations: int) -> list[str]:
    """All shards of a model's first generations."""
    return [
        f"{DATASET}/search/{model}/generation-{generation}/shard-{shard}.jsonl"
        for generation in range(generations)
        for shard in range(SHARDS)
    ]


# Of a small data set, a single shard makes one job of a whole search, since starting one costs more
# than a generation does. Either way a generation has files of its own.
ONE_JOB = SHARDS == 1 and all(
    expected_ratings(dataset) < 10**6 for dataset in DATA_SETS.values()
)
SEARCH_JOB = "search/{model}"
SEARCH_JOBS = (
    [SEARCH_JOB]
    if ONE_JOB
    else [
        *[
            f"{SEARCH_JOB}/generation-{generation}-shard-{shard}"
            for generation in range(GENERATIONS)
            for shard in range(SHARDS)
        ],
        *[f"{SEARCH_JOB}/finalists-shard-{shard}" for shard in range(SHARDS)],
    ]
)


def earlier_shards(wildcards) -> list[str]:
    earlier = shards(wildcards.model, int(wildcards.get("generation", 0)))
    return [path.format(dataset=wildcards.dataset) for path in earlier]


def finalists_of(model: str) -> list[str]:
    """All shards of the fits of a model's finalists."""
    return [
        f"{DATASET}/search/{model}/finalists/shard-{shard}.jsonl"
        for shard in range(SHARDS)
    ]


def warm_start_of(wildcards) -> list[str]:
    """Trials of an earlier search of the same model, for the first generation."""
    folder = config["search"]["warm_start"]
    if folder is None or int(wildcards.get("generation", 0)) > 0:
        return []
    path = Path(folder).expanduser() / wildcards.model / "trials.csv"
    return [local(str(path))] if path.is_file() else []


def best_of(model: str | None, wildcards) -> list[str]:
    """The search's outcome for a searched model, nothing for any other."""
    searched = is_searched(ARMS[wildcards.dataset].models.get(model, {}))
    return [f"results/{wildcards.dataset}/search/{model}/best.json"] if searched else []


def best_of_search(wildcards) -> list[str]:
    return best_of(wildcards.model, wildcards)


def compared_entry() -> dict | None:
    """Entry of the factorisation that truncated SVD is compared with, if there is one."""
    return MODELS.get(config["svd"]["compared_with"])


def best_of_compared(wildcards) -> list[str]:
    return best_of(config["svd"]["compared_with"], wildcards)


def svd_model() -> str | None:
    """The first model of kind svd, whose settings the sweep of ranks shares."""
    return next((name for name in MODELS if MODELS[name]["kind"] == "svd"), None)


def svd_entry() -> dict:
    return MODELS.get(svd_model(), {"kind": "svd", **KIND_DEFAULTS["svd"]})


def best_of_svd(wildcards) -> list[str]:
    return best_of(svd_model(), wildcards)


def model_entry(wildcards) -> dict:
    return ARMS[wildcards.dataset].models[wildcards.model]


def data_set_of(wildcards) -> dict:
    return ARMS[wildcards.dataset].dataset


def fetched(wildcards) -> dict:
    """What fetching depends on: no other change of the configuration may download again."""
    keys = ("name", "path", "csv", "max_unpacked_gib", "synthetic")
    return {key: data_set_of(wildcards)[key] for key in keys}


def generating_seed(wildcards) -> int | None:
    generated = data_set_of(wildcards)["name"] == "synthetic"
    return config["seed"] if generated else None


# What a model does not read is left out of its jobs, so that changing it reruns the others alone.
def content_of(wildcards) -> str | list[str]:
    uses = uses_content(model_entry(wildcards))
    return found("content/tfidf.npz")(wildcards) if uses else []


def places_of(wildcards) -> list[str]:
    """Places of the training and the validation ratings, in this order."""
    return places_for([model_entry(wildcards)], wildcards)


def places_of_arm(wildcards) -> list[str]:
    return places_for(ARMS[wildcards.dataset].models.values(), wildcards)


def places_for(entries, wildcards) -> list[str]:
    uses = any(uses_places(entry, config["training"]) for entry in entries)
    parts = ("train", "validation") if uses else ()
    return [found(f"places/{part}.npz")(wildcards) for part in parts]


def training_of(wildcards) -> dict:
    return config["training"] if is_trained(model_entry(wildcards)) else {}


def search_of(wildcards) -> dict:
    shared = config["search"]["space"] if is_trained(model_entry(wildcards)) else {}
    return {**config["search"], "space": shared}


def search_of_generation(wildcards) -> dict:
    """The same up to a job's last generation, so that more trials leave earlier ones alone."""
    search = search_of(wildcards)
    if not ONE_JOB:
        through = int(wildcards.generation) + 1
        trials = min(search["trials"], through * search["trials_per_generation"])
        search |= {"trials": trials, "finalists": 1, "finalist_seeds": 1}
    return search


def evaluation_of_search(wildcards) -> dict:
    keys = ("k", "relevance_threshold", "full_users")
    ranks = only_ranks(model_entry(wildcards))
    return {key: config["evaluation"][key] for key in keys} if ranks else {}


def ranks_of(wildcards) -> list[int]:
    entry = model_entry(wildcards)
    to_choose = entry["kind"] == "svd" and entry["rank"] is None
    return config["svd"]["ranks"] if to_choose else []


def training_threads(wildcards) -> int:
    """Threads that pay; the result is the same for any number, `--set-threads train=N` included."""
    return 8 if expected_ratings(data_set_of(wildcards)) >= 10**6 else 1


def log_of(benchmark: str) -> str:
    """Log of the job that leaves a benchmark file."""
    return benchmark.replace("benchmarks", "logs").removesuffix(".tsv") + ".log"


def shown_of_data_set() -> list[str]:
    """Everything that the report shows of a data set."""
    figures = FIGURES + (["search"] if SEARCHED else [])
    return [
        *[f"{DATASET}/figures/{figure}.svg" for figure in figures],
        *[
            f"{DATASET}/recommendations/{model}.html"
            for model in config["recommendations"]["models"]
        ],
        f"{DATASET}/comparison/table.html",
        f"{DATASET}/split/fitted-on.html",
        *[f"{DATASET}/search/{model}/trials.html" for model in SEARCHED],
        f"{DATASET}/comparison/outcome.rst",
        f"{DATASET}/manifest.html",
    ]


def report_files() -> list[str]:
    """Everything that the report shows."""
    of_each_data_set = [*shown_of_data_set(), f"{DATASET}/usage.html"]
    return [
        "results/small-matrix/convergence.svg",
        *(["results/scale/rules.svg"] if config["scale"] else []),
        *expand(of_each_data_set, dataset=DATA_SETS),
    ]
