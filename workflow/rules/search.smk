# The search for hyper-parameters. No rule here reads the test part.


if ONE_JOB:

    rule search:
        input:
            library=library("search"),
            train=found("matrices/train.npz"),
            validation=found("matrices/validation.npz"),
            content=content_of,
            places=places_of,
            source=found("data/source.json"),
            warm_start=warm_start_of,
        output:
            generations=shards("{model}", GENERATIONS),
            finalists=finalists_of("{model}"),
        log:
            f"{DATASET}/logs/{SEARCH_JOB}.log",
        benchmark:
            f"{DATASET}/benchmarks/{SEARCH_JOB}.tsv"
        group:
            "search"
        conda:
            "../../environment.yml"
        threads: training_threads
        resources:
            mem_mb=memory_of("search"),
            runtime=minutes_of("search"),
            gpu=gpus_of("search"),
        params:
            model=model_entry,
            training=training_of,
            ranks=ranks_of,
            search=search_of,
            evaluation=evaluation_of_search,
            seed=config["seed"],
        message:
            "Searching {wildcards.model}"
        script:
            "../../scripts/search.py"

else:

    rule search:
        input:
            library=library("search"),
            train=found("matrices/train.npz"),
            validation=found("matrices/validation.npz"),
            content=content_of,
            places=places_of,
            source=found("data/source.json"),
            warm_start=warm_start_of,
            earlier=earlier_shards,
        output:
            generations=[
                f"{DATASET}/search/{{model}}/generation-{{generation}}/shard-{{shard}}.jsonl"
            ],
        log:
            f"{DATASET}/logs/{SEARCH_JOB}/generation-{{generation}}-shard-{{shard}}.log",
        benchmark:
            f"{DATASET}/benchmarks/{SEARCH_JOB}/generation-{{generation}}-shard-{{shard}}.tsv"
        conda:
            "../../environment.yml"
        threads: training_threads
        resources:
            mem_mb=memory_of("search"),
            runtime=minutes_of("search"),
            gpu=gpus_of("search"),
        params:
            model=model_entry,
            training=training_of,
            ranks=ranks_of,
            search=search_of_generation,
            evaluation=evaluation_of_search,
            seed=config["seed"],
        message:
            "Searching {wildcards.model}, generation {wildcards.generation}, shard {wildcards.shard}"
        script:
            "../../scripts/search.py"

    rule finalists:
        input:
            library=library("finalists"),
            train=found("matrices/train.npz"),
            validation=found("matrices/validation.npz"),
            content=content_of,
            places=places_of,
            source=found("data/source.json"),
            shards=shards("{model}", GENERATIONS),
        output:
            f"{DATASET}/search/{{model}}/finalists/shard-{{shard}}.jsonl",
        log:
            f"{DATASET}/logs/{SEARCH_JOB}/finalists-shard-{{shard}}.log",
        benchmark:
            f"{DATASET}/benchmarks/{SEARCH_JOB}/finalists-shard-{{shard}}.tsv"
        conda:
            "../../environment.yml"
        threads: training_threads
        resources:
            mem_mb=memory_of("finalists"),
            runtime=minutes_of("finalists"),
            gpu=gpus_of("finalists"),
        params:
            model=model_entry,
            training=training_of,
            ranks=ranks_of,
            search=search_of,
            evaluation=evaluation_of_search,
            seed=config["seed"],
        message:
            "Fitting the finalists of {wildcards.model} again, shard {wildcards.shard}"
        script:
            "../../scripts/finalists.py"


rule select_best:
    input:
        library=library("select_best"),
        shards=shards("{model}", GENERATIONS),
        finalists=finalists_of("{model}"),
    output:
        best="results/{dataset}/search/{model}/best.json",
        trials="results/{dataset}/search/{model}/trials.csv",
    log:
        "results/{dataset}/logs/select_best/{model}.log",
    benchmark:
        "results/{dataset}/benchmarks/select_best/{model}.tsv"
    group:
        "search" if ONE_JOB else None
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("select_best"),
        runtime=minutes_of("select_best"),
    params:
        model=model_entry,
        training=training_of,
        search=search_of,
        evaluation=evaluation_of_search,
        seed=config["seed"],
    message:
        "Selecting the best trial of {wildcards.model}"
    script:
        "../../scripts/select_best.py"


# What only the report shows: one job for all models, since its libraries load slowly.
if SEARCHED:

    rule studies:
        input:
            library=library("studies"),
            shards=[path for model in SEARCHED for path in shards(model, GENERATIONS)],
        output:
            studies=[f"{DATASET}/search/{model}/study.db" for model in SEARCHED],
            importances=[
                f"{DATASET}/search/{model}/importances.csv" for model in SEARCHED
            ],
        log:
            "results/{dataset}/logs/studies.log",
        benchmark:
            "results/{dataset}/benchmarks/studies.tsv"
        conda:
            "../../environment.yml"
        threads: 1
        resources:
            mem_mb=memory_of("studies"),
            runtime=minutes_of("studies"),
        params:
            models={name: MODELS[name] for name in SEARCHED},
            training=config["training"],
            search=config["search"],
            seed=config["seed"],
        message:
            "Telling which parameters mattered in each search"
        script:
            "../../scripts/studies.py"

    rule trials_pages:
        input:
            library=library("trials_pages"),
            trials=[f"{DATASET}/search/{model}/trials.csv" for model in SEARCHED],
            best=[f"{DATASET}/search/{model}/best.json" for model in SEARCHED],
        output:
            [
                report(
                    f"{DATASET}/search/{model}/trials.html",
                    caption="../report/trials-table.rst",
                    category="3 Search and training",
                    labels={"result": "All trials", "model": model},
                )
                for model in SEARCHED
            ],
        log:
            "results/{dataset}/logs/trials_pages.log",
        benchmark:
            "results/{dataset}/benchmarks/trials_pages.tsv"
        conda:
            "../../environment.yml"
        threads: 1
        resources:
            mem_mb=memory_of("trials_pages"),
            runtime=minutes_of("trials_pages"),
        message:
            "Setting the trials of each search as a page"
        script:
            "../../scripts/trials_pages.py"
