# The search for hyper-parameters. No rule here reads the test part.


rule search:
    input:
        library=library("search"),
        train=found("matrices/train.npz"),
        validation=found("matrices/validation.npz"),
        content=content_of,
        source=found("data/source.json"),
        earlier=earlier_shards,
    output:
        SEARCHED_BY_JOB,
    log:
        f"{DATASET}/logs/{SEARCH_JOB}.log",
    benchmark:
        f"{DATASET}/benchmarks/{SEARCH_JOB}.tsv"
    conda:
        "../../environment.yml"
    threads: training_threads
    resources:
        mem_mb=memory_for_ratings,
        runtime=240,
    params:
        model=model_entry,
        training=training_of,
        ranks=ranks_of,
        search=search_of,
        evaluation=evaluation_of_search,
        seed=config["seed"],
    message:
        "Searching {wildcards.model}: {output}"
    script:
        "../../scripts/search.py"


rule select_best:
    input:
        library=library("select_best"),
        shards=shards("{model}", GENERATIONS),
    output:
        best="results/{dataset}/search/{model}/best.json",
        trials="results/{dataset}/search/{model}/trials.csv",
    log:
        "results/{dataset}/logs/select_best/{model}.log",
    benchmark:
        "results/{dataset}/benchmarks/select_best/{model}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
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
            mem_mb=2000,
            runtime=30,
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
            mem_mb=1000,
            runtime=30,
        message:
            "Setting the trials of each search as a page"
        script:
            "../../scripts/trials_pages.py"
