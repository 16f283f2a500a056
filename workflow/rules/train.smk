# Final fits of every model, and the sweep of ranks.


rule train:
    input:
        library=library("train"),
        train=found("matrices/train.npz"),
        validation=found("matrices/validation.npz"),
        content=content_of,
        places=places_of,
        source=found("data/source.json"),
        best=best_of_search,
    output:
        model="results/{dataset}/models/{model}/seed-{seed}/model.npz",
        history="results/{dataset}/models/{model}/seed-{seed}/history.csv",
        fit="results/{dataset}/models/{model}/seed-{seed}/fit.json",
    log:
        "results/{dataset}/logs/train/{model}/seed-{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/train/{model}/seed-{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: training_threads
    resources:
        mem_mb=memory_of("train"),
        runtime=minutes_of("train"),
        gpu=gpus_of("train"),
    params:
        model=model_entry,
        training=training_of,
        ranks=ranks_of,
        seed=config["seed"],
    message:
        "Training {wildcards.model}, seed {wildcards.seed}"
    script:
        "../../scripts/train.py"


rule rank_sweep:
    input:
        library=library("rank_sweep"),
        train="results/{dataset}/matrices/train.npz",
        validation="results/{dataset}/matrices/validation.npz",
        test="results/{dataset}/matrices/test.npz",
        source="results/{dataset}/data/source.json",
        best=best_of_compared,
        best_svd=best_of_svd,
    output:
        "results/{dataset}/svd/rank-sweep.csv",
    log:
        "results/{dataset}/logs/rank_sweep.log",
    benchmark:
        "results/{dataset}/benchmarks/rank_sweep.tsv"
    conda:
        "../../environment.yml"
    threads: training_threads
    resources:
        mem_mb=memory_of("rank_sweep"),
        runtime=minutes_of("rank_sweep"),
        gpu=gpus_of("rank_sweep"),
    params:
        svd=config["svd"],
        svd_model=svd_entry(),
        model=compared_entry(),
        training=config["training"],
        seed=config["seed"],
    message:
        "Comparing truncated SVD with matrix factorisation by rank"
    script:
        "../../scripts/rank_sweep.py"


rule small_matrix:
    input:
        library=library("small_matrix"),
    output:
        errors="results/small-matrix/errors.csv",
        page=report(
            "results/small-matrix/errors.html",
            caption="../report/small-matrix-table.rst",
            category="4 Truncated SVD",
            labels={"result": "Small matrix, table"},
        ),
        curves="results/small-matrix/curves.csv",
        completion="results/small-matrix/completion.csv",
    log:
        "results/small-matrix/logs/small_matrix.log",
    benchmark:
        "results/small-matrix/benchmarks/small_matrix.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("small_matrix"),
        runtime=minutes_of("small_matrix"),
    params:
        small_matrix=config["small_matrix"],
        seed=config["seed"],
    message:
        "Factorising the small matrix by every method"
    script:
        "../../scripts/small_matrix.py"
