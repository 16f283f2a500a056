# Lookups of files and settings: what a variant shares, what a model reads.


def found_by(variant: Variant, path: str) -> str:
    """Where a variant finds a file that it may share with its base experiment."""
    return f"results/{variant.home(path)}/{path}"


def found(path: str):
    """The same for the variant of a job, whose wildcards fill the path."""
    return lambda wildcards: found_by(
        variant_of(wildcards), path.format(**dict(wildcards.items()))
    )


def fits_of_variant(pattern: str):
    """One path per fit of a variant's models, or per model for a pattern of one seed."""

    def of_variant(wildcards) -> list[str]:
        variant = variant_of(wildcards)
        paths = dict.fromkeys(
            pattern.format(model=model, seed=seed)
            for model, entry in variant.models.items()
            for seed in entry.seeds(EXPERIMENT.seeds)
        )
        return [found_by(variant, path) for path in paths]

    return of_variant


def each_part(path: str, where=lambda path: f"{DATASET}/{path}") -> dict:
    """A file of the training, the validation and the test part; `*` is the part's name."""
    return {part: where(path.replace("*", part)) for part in PARTS}


COMPARISON = {
    name: f"{DATASET}/comparison/{name}.csv"
    for name in ("table", "metrics", "differences", "strata", "groups")
}


# A job depends only on what its model reads.
def content_of(wildcards) -> str | list[str]:
    used = entry_of(wildcards).uses_content
    return found("content/tfidf.npz")(wildcards) if used else []


def user_features_of(wildcards) -> str | list[str]:
    """Features of the users, if a model of the job reads them."""
    models = variant_of(wildcards).models
    named = "model" in wildcards.keys()
    names = [wildcards.model] if named else candidates(wildcards)
    used = any(models[name].uses_user_features for name in names)
    return found("user_features/matrix.npz")(wildcards) if used else []


def times_of(wildcards) -> str | list[str]:
    used = entry_of(wildcards).uses_times
    return found("matrices/times.npz")(wildcards) if used else []


def fit_files(folder: str, seeds: list[int] | None = None) -> dict[str, list[str]]:
    names = {"model": "model.npz", "history": "history.csv", "fit": "fit.json"}
    path, of_seeds = f"{DATASET}/models/{{model}}/{folder}", (
        {} if seeds is None else {"seed": seeds}
    )
    return {
        key: expand(f"{path}/{name}", **of_seeds, allow_missing=True)
        for key, name in names.items()
    }


def chains_of(wildcards) -> list[str]:
    """Files of the fits of the chains, models first, if each is a job of its own."""
    chains = range(FILES.chain_jobs(entry_of(wildcards)))
    files = [
        path
        for paths in fit_files("seed-{seed}/chain-{chain}").values()
        for path in paths
    ]
    return [path.format(**wildcards, chain=chain) for path in files for chain in chains]


def best_of(model: str | None, wildcards) -> list[str]:
    """Outcome of a model's search, nothing if it is not searched."""
    entry = variant_of(wildcards).models.get(model)
    searched = entry is not None and entry.searched
    return [f"results/{wildcards.dataset}/search/{model}/best.json"] if searched else []


def ranks_of(wildcards) -> list[int]:
    """Ranks that an SVD without a rank chooses from."""
    entry = entry_of(wildcards)
    chooses = isinstance(entry, SvdEntry) and entry.rank is None
    return EXPERIMENT.svd.ranks if chooses else []


def training_threads(wildcards) -> int:
    """Useful number of threads; does not affect the result, `--set-threads train=N` included."""
    return 8 if expected_ratings(variant_of(wildcards).dataset) >= 10**6 else 1


# Files under `dataset.path`. Copies under BLENDMF_DATA do not count: fetched data stay, whether or
# not a later run knows the folder they came from.
OWN_FILES = local_files(EXPERIMENT.dataset, {})


def own_inputs(wildcards) -> list[str]:
    """One's own files as inputs, which are not in a storage and whose times do not count.

    Snakemake takes braces in a path for wildcards: the nearest folder without any is given instead.
    The report shows inputs that are no function, with all folders.
    """

    def without_wildcard(path: Path) -> Path:
        return without_wildcard(path.parent) if contains_wildcard(str(path)) else path

    paths = dict.fromkeys(str(without_wildcard(Path(file))) for file in OWN_FILES)
    return [local(ancient(path)) for path in paths]


@cache
def digest_of_own_files() -> str | None:
    return content_digest(OWN_FILES, Path(".snakemake", "own-files.json"))


def contents_of_own_files(wildcards) -> str | None:
    """Digest of one's own files: a change of their contents, not of their times, reruns everything.

    Snakemake compares it before a run; jobs do not need it.
    """
    return digest_of_own_files() if workflow.is_main_process else None


def fetched(wildcards) -> dict:
    """Settings that fetching depends on: no other change may download again."""
    keys = {"name", "path", "csv", "format", "max_unpacked_gib", "synthetic"}
    return variant_of(wildcards).dataset.model_dump(include=keys)


def generating_seed(wildcards) -> int | None:
    return config["seed"] if variant_of(wildcards).dataset.name == "synthetic" else None


def steps_before(wildcards) -> list[str]:
    """Files of the steps of a search before the one of a job."""
    steps = FILES.search_steps
    earlier = steps[: steps.index(wildcards.step)] if "step" in wildcards.keys() else []
    paths = FILES.shards(wildcards.model, earlier)
    return [path.format(dataset=wildcards.dataset) for path in paths]


def warm_start_of(wildcards) -> list[str]:
    """Trials of an earlier search of the same model, for the first generation."""
    folder = EXPERIMENT.search.warm_start
    if folder is None or wildcards.get("step", "generation-0") != "generation-0":
        return []
    path = Path(folder).expanduser() / wildcards.model / "trials.csv"
    return [local(str(path))] if path.is_file() else []


def search_of(wildcards) -> dict:
    """Settings of a search, up to a job's own generation, so that more trials repeat none."""
    search = EXPERIMENT.search
    step = wildcards.get("step", "finalists")
    if step != "finalists":
        through = 1 + int(step.removeprefix("generation-"))
        trials = min(search.trials, through * search.trials_per_generation)
        own = {"trials": trials, "finalists": 1, "finalist_seeds": 1}
        search = search.model_copy(update=own)
    return search.model_dump(exclude={"space"})


def evaluation_of_search(wildcards) -> dict:
    """Settings that a search reads if its model only ranks."""
    only_ranks = not entry_of(wildcards).predicts_ratings
    keys = {"k", "relevance_threshold", "full_users"} if only_ranks else set()
    return EXPERIMENT.evaluation.model_dump(include=keys)


# A small data set is searched by one job per model. Either way each step writes its own files.
if FILES.one_job_per_model:
    SEARCH_JOB = "search/{model}"
    SEARCH_STEPS = FILES.shards("{model}", FILES.search_steps)
else:
    SEARCH_JOB = "search/{model}/{step}-shard-{shard}"
    SEARCH_STEPS = [f"{DATASET}/search/{{model}}/{{step}}/shard-{{shard}}.jsonl"]


# All seeds of a model in one job; stochastic models have several.
STOCHASTIC = [name for name, entry in EXPERIMENT.models.items() if entry.stochastic]


def evaluated(seeds: list[int]) -> dict[str, list[str]]:
    folder = f"{DATASET}/evaluation/{{model}}/seed-{{seed}}"
    files = {
        "metrics": "metrics.json",
        "per_user": "per-user.parquet",
        "strata": "strata.csv",
    }
    return {
        name: expand(f"{folder}/{file}", seed=seeds, allow_missing=True)
        for name, file in files.items()
    }


def models_evaluated(wildcards) -> list[str]:
    seeds = entry_of(wildcards).seeds(EXPERIMENT.seeds)
    paths = [f"models/{{model}}/seed-{seed}/model.npz" for seed in seeds]
    return [found(path)(wildcards) for path in paths]


# Trained models that are not searched: their validation errors are only in fit.json.
UNSEARCHED = [name for name in FILES.trained if name not in SEARCHED]


def job_files(benchmarks: list[str], root: str = "results") -> dict[str, list[str]]:
    """Benchmarks and logs of jobs."""
    benchmarks = [path.replace("results", root, 1) for path in benchmarks]
    logs = [
        path.replace("benchmarks", "logs").removesuffix(".tsv") + ".log"
        for path in benchmarks
    ]
    return {"benchmarks": benchmarks, "logs": logs}


def first_svd() -> str | None:
    """The first model of kind svd, whose settings the rank sweep shares."""
    named = EXPERIMENT.models.items()
    return next((name for name, entry in named if isinstance(entry, SvdEntry)), None)


# `rule all` does not include variants of the experiment; `snakemake audit`, `snakemake
# ablation` and `snakemake folds` do.
AS_CONFIGURED = "as configured"
AUDITED = list(EXPERIMENT.audit.arms)
ABLATED = ablation_variants(EXPERIMENT)


def audited(dataset: str) -> dict[str, Variant]:
    """Variants of a data set's audit by name, the experiment as configured first."""
    varied = {name: VARIANTS[f"{dataset}/audit/{name}"] for name in AUDITED}
    return {AS_CONFIGURED: VARIANTS[dataset], **varied}


def in_each_audited(path: str):
    """One file of each variant of the audit."""
    return lambda wildcards: [
        found_by(variant, path) for variant in audited(wildcards.dataset).values()
    ]


def fits_on_same_test(wildcards) -> list[dict]:
    """Fits of variants with the same test ratings as the experiment, hence paired with it."""
    return [
        {"variant": name, "model": model, "seed": seed}
        for name, variant in audited(wildcards.dataset).items()
        if variant.home("split/test.parquet") == wildcards.dataset
        for model, entry in variant.models.items()
        for seed in entry.seeds(EXPERIMENT.seeds)
    ]


def per_user_on_same_test(wildcards) -> list[str]:
    by_name = audited(wildcards.dataset)
    pattern = "evaluation/{model}/seed-{seed}/per-user.parquet"
    return [
        found_by(by_name[fit["variant"]], pattern.format(**fit))
        for fit in fits_on_same_test(wildcards)
    ]


def ablated_seeds() -> list[int]:
    model = EXPERIMENT.ablation.model
    return EXPERIMENT.models[model].seeds(EXPERIMENT.seeds) if model else []


def candidates(wildcards) -> list[str]:
    """Models of which a fit on all ratings is one: a named one, or all that predict ratings."""
    models = variant_of(wildcards).models
    predicting = [name for name, entry in models.items() if entry.predicts_ratings]
    return (
        (predicting or list(models)) if wildcards.choice == BEST else [wildcards.choice]
    )


def of_candidates(pattern: str):
    return lambda wildcards: [
        f"results/{wildcards.dataset}/{pattern.format(model=model)}"
        for model in candidates(wildcards)
    ]


def folds_of(dataset: str) -> list[Variant]:
    """The experiment and its other folds, of a cross-validation."""
    others = [f"{dataset}/folds/{fold}" for fold in other_folds(EXPERIMENT)]
    return [VARIANTS[folder] for folder in (dataset, *others)]


def of_folds(pattern: str):
    """One path per fit and fold of a cross-validation."""
    return lambda wildcards: [
        found_by(variant, pattern.format(model=model, seed=seed))
        for variant in folds_of(wildcards.dataset)
        for model, entry in variant.models.items()
        for seed in entry.seeds(EXPERIMENT.seeds)
    ]
