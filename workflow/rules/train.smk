# Final fits of every model, and the sweep of ranks.


rule train:
    input:
        library=library("train"),
        train="results/{dataset}/matrices/train.npz",
        validation="results/{dataset}/matrices/validation.npz",
        content="results/{dataset}/content/tfidf.npz",
        source="results/{dataset}/data/source.json",
        best=best_of_search,
    output:
        model="results/{dataset}/models/{model}/seed-{seed}/model.npz",
        history="results/{dataset}/models/{model}/seed-{seed}/history.csv",
        fit="results/{dataset}/models/{model}/seed-{seed}/fit.json",
    log:
        "results/{dataset}/logs/train/{model}/seed-{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/train/{model}/seed-{seed}.tsv"
    params:
        model=model_entry,
        training=config["training"],
        svd=config["svd"],
        seed=config["seed"],
    threads: 1
    resources:
        mem_mb=2000,
        runtime=240,
    conda:
        "../../environment.yml"
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
    output:
        report(
            "results/{dataset}/svd/rank-sweep.csv",
            caption="../report/rank-sweep-table.rst",
            category="4 Truncated SVD",
            labels={"figure": "Table of the rank sweep"},
        ),
    log:
        "results/{dataset}/logs/rank_sweep.log",
    benchmark:
        "results/{dataset}/benchmarks/rank_sweep.tsv"
    params:
        svd=config["svd"],
        model=compared_entry(),
        training=config["training"],
        seed=config["seed"],
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    conda:
        "../../environment.yml"
    message:
        "Comparing truncated SVD with matrix factorisation by rank"
    script:
        "../../scripts/rank_sweep.py"


rule small_matrix:
    input:
        library=library("small_matrix"),
    output:
        errors=report(
            "results/small-matrix/errors.csv",
            caption="../report/small-matrix-table.rst",
            category="4 Truncated SVD",
            labels={"figure": "Errors on the small matrix"},
        ),
        curves="results/small-matrix/curves.csv",
        completion="results/small-matrix/completion.csv",
    log:
        "results/small-matrix/logs/small_matrix.log",
    benchmark:
        "results/small-matrix/benchmarks/small_matrix.tsv"
    params:
        small_matrix=config["small_matrix"],
        seed=config["seed"],
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    conda:
        "../../environment.yml"
    message:
        "Factorising the small matrix by every method"
    script:
        "../../scripts/small_matrix.py"
