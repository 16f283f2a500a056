# The search for hyper-parameters and the final fits. No rule here reads the test part.


rule search:
    input:
        train=found("matrices/train.npz"),
        validation=found("matrices/validation.npz"),
        content=content_of,
        user_features=user_features_of,
        times=times_of,
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
        "search" if FILES.one_job_per_model else None
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
        source=found("data/source.json"),
    output:
        best=f"{DATASET}/search/{{model}}/best.json",
        trials=f"{DATASET}/search/{{model}}/trials.csv",
    log:
        log_of("select_best/{model}"),
    benchmark:
        benchmark_of("select_best/{model}")
    group:
        "search" if FILES.one_job_per_model else None
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


# Only the report shows importances: one job for all models, since its libraries load slowly.
if SEARCHED:

    rule importances:
        input:
            shards=[
                path for model in SEARCHED for path in FILES.generation_shards(model)
            ],
            source=f"{DATASET}/data/source.json",
        output:
            FILES.of_searched("search/{model}/importances.csv"),
        log:
            log_of("importances"),
        benchmark:
            benchmark_of("importances")
        conda:
            "../../environment.yml"
        resources:
            **resources_of("importances"),
        params:
            code=code_of("importances"),
            models={name: config["models"][name] for name in SEARCHED},
            search=config["search"],
            seed=config["seed"],
        message:
            "Computing the importance of each searched parameter"
        script:
            "../../scripts/importances.py"


FIT_FROM = {
    "train": found("matrices/train.npz"),
    "validation": found("matrices/validation.npz"),
    "content": content_of,
    "user_features": user_features_of,
    "times": times_of,
    "source": found("data/source.json"),
    "index": found("matrices/index.json"),
    "best": lambda wildcards: best_of(wildcards.model, wildcards),
}


rule train:
    input:
        **FIT_FROM,
        chains=chains_of,
    output:
        **fit_files("seed-{seed}"),
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


# All seeds of a stochastic model, where starting a job takes longer than a fit.
if FILES.one_job_per_model:

    use rule train as train_seeds with:
        input:
            **FIT_FROM,
        output:
            **fit_files("seed-{seed}", list(range(1, EXPERIMENT.seeds + 1))),
        log:
            log_of("train/{model}"),
        benchmark:
            benchmark_of("train/{model}")
        wildcard_constraints:
            model="|".join(map(re.escape, STOCHASTIC)) or "(?!)",
        resources:
            **resources_of("train", with_seeds),
        message:
            "Training {wildcards.model}"

    ruleorder: train_seeds > train


# One chain of a Bayesian model that has several.
use rule train as train_chain with:
    input:
        **FIT_FROM,
    output:
        **fit_files("seed-{seed}/chain-{chain}"),
    log:
        log_of("train/{model}/seed-{seed}-chain-{chain}"),
    benchmark:
        benchmark_of("train/{model}/seed-{seed}-chain-{chain}")
    message:
        "Training {wildcards.model}, seed {wildcards.seed}, chain {wildcards.chain}"
