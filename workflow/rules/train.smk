# The search for hyper-parameters and the final fits. No rule here reads the test part.


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
        search = search.model_copy(
            update={"trials": trials, "finalists": 1, "finalist_seeds": 1}
        )
    return search.model_dump(exclude={"space"})


def evaluation_of_search(wildcards) -> dict:
    """Settings that a search reads if its model only ranks."""
    keys = (
        set()
        if entry_of(wildcards).predicts_ratings
        else {"k", "relevance_threshold", "full_users"}
    )
    return EXPERIMENT.evaluation.model_dump(include=keys)


# A small data set is searched by one job per model. Either way each step has files of its own.
if FILES.one_search_job:
    SEARCH_JOB = "search/{model}"
    SEARCH_STEPS = FILES.shards("{model}", FILES.search_steps)
else:
    SEARCH_JOB = "search/{model}/{step}-shard-{shard}"
    SEARCH_STEPS = [f"{DATASET}/search/{{model}}/{{step}}/shard-{{shard}}.jsonl"]


rule search:
    input:
        train=found("matrices/train.npz"),
        validation=found("matrices/validation.npz"),
        content=content_of,
        rating_order=rating_order_of,
        source=found("data/source.json"),
        warm_start=warm_start_of,
        earlier=steps_before,
    output:
        steps=SEARCH_STEPS,
    log:
        log_of(SEARCH_JOB),
    benchmark:
        benchmark_of(SEARCH_JOB)
    group:
        "search" if FILES.one_search_job else None
    conda:
        "../../environment.yml"
    threads: training_threads
    resources:
        **resources_of("search"),
    params:
        code=code_of("search"),
        model=model_settings,
        ranks=ranks_of,
        search=search_of,
        evaluation=evaluation_of_search,
        seed=config["seed"],
    message:
        "Searching {wildcards.model}"
    script:
        "../../scripts/search.py"


rule select_best:
    input:
        generations=FILES.generation_shards("{model}"),
        finalists=FILES.shards("{model}", ["finalists"]),
    output:
        best=f"{DATASET}/search/{{model}}/best.json",
        trials=f"{DATASET}/search/{{model}}/trials.csv",
    log:
        log_of("select_best/{model}"),
    benchmark:
        benchmark_of("select_best/{model}")
    group:
        "search" if FILES.one_search_job else None
    conda:
        "../../environment.yml"
    resources:
        **resources_of("select_best"),
    params:
        code=code_of("select_best"),
        model=model_settings,
        search=search_of,
        evaluation=evaluation_of_search,
        seed=config["seed"],
    message:
        "Selecting the best trial of {wildcards.model}"
    script:
        "../../scripts/select_best.py"


# Only the report shows studies: one job for all models, since its libraries load slowly.
if SEARCHED:

    rule studies:
        input:
            shards=[
                path for model in SEARCHED for path in FILES.generation_shards(model)
            ],
        output:
            studies=FILES.of_searched("search/{model}/study.db"),
            importances=FILES.of_searched("search/{model}/importances.csv"),
        log:
            log_of("studies"),
        benchmark:
            benchmark_of("studies")
        conda:
            "../../environment.yml"
        resources:
            **resources_of("studies"),
        params:
            code=code_of("studies"),
            models={name: config["models"][name] for name in SEARCHED},
            search=config["search"],
            seed=config["seed"],
        message:
            "Computing the importance of each searched parameter"
        script:
            "../../scripts/studies.py"


rule train:
    input:
        train=found("matrices/train.npz"),
        validation=found("matrices/validation.npz"),
        content=content_of,
        rating_order=rating_order_of,
        source=found("data/source.json"),
        best=lambda wildcards: best_of(wildcards.model, wildcards),
    output:
        model=f"{DATASET}/models/{{model}}/seed-{{seed}}/model.npz",
        history=f"{DATASET}/models/{{model}}/seed-{{seed}}/history.csv",
        fit=f"{DATASET}/models/{{model}}/seed-{{seed}}/fit.json",
    log:
        log_of("train/{model}/seed-{seed}"),
    benchmark:
        benchmark_of("train/{model}/seed-{seed}")
    conda:
        "../../environment.yml"
    threads: training_threads
    resources:
        **resources_of("train"),
    params:
        code=code_of("train"),
        model=model_settings,
        ranks=ranks_of,
        seed=config["seed"],
    message:
        "Training {wildcards.model}, seed {wildcards.seed}"
    script:
        "../../scripts/train.py"
