# The search for hyper-parameters. No rule here reads the test part.


rule search:
    input:
        library=library("search"),
        train="results/{dataset}/matrices/train.npz",
        validation="results/{dataset}/matrices/validation.npz",
        content=content_of,
        source="results/{dataset}/data/source.json",
        earlier=earlier_shards,
    output:
        "results/{dataset}/search/{model}/generation-{generation}/shard-{shard}.jsonl",
    log:
        "results/{dataset}/logs/search/{model}/generation-{generation}-shard-{shard}.log",
    benchmark:
        "results/{dataset}/benchmarks/search/{model}/generation-{generation}-shard-{shard}.tsv"
    conda:
        "../../environment.yml"
    threads: training_threads
    resources:
        mem_mb=memory_for_ratings,
        runtime=240,
    params:
        model=model_entry,
        training=config["training"],
        search=config["search"],
        seed=config["seed"],
    message:
        "Searching {wildcards.model}: generation {wildcards.generation}, shard {wildcards.shard}"
    script:
        "../../scripts/search.py"


rule select_best:
    input:
        library=library("select_best"),
        shards=all_shards,
    output:
        best="results/{dataset}/search/{model}/best.json",
        trials="results/{dataset}/search/{model}/trials.csv",
        importances="results/{dataset}/search/{model}/importances.csv",
        study="results/{dataset}/search/{model}/study.db",
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
        training=config["training"],
        search=config["search"],
        seed=config["seed"],
    message:
        "Selecting the best trial of {wildcards.model}"
    script:
        "../../scripts/select_best.py"
