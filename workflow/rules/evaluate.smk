# Scores of every fit on the test part, their comparison, and what the models recommend.


rule leakage:
    input:
        library=library("leakage"),
        train="results/{dataset}/split/train.parquet",
        validation="results/{dataset}/split/validation.parquet",
        test="results/{dataset}/split/test.parquet",
        tags="results/{dataset}/data/tags.parquet",
    output:
        "results/{dataset}/split/leakage.json",
    log:
        "results/{dataset}/logs/leakage.log",
    benchmark:
        "results/{dataset}/benchmarks/leakage.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_for_ratings,
        runtime=30,
    message:
        "Auditing the split for knowledge of the future"
    script:
        "../../scripts/leakage.py"


rule evaluate:
    input:
        library=library("evaluate"),
        model="results/{dataset}/models/{model}/seed-{seed}/model.npz",
        train="results/{dataset}/matrices/train.npz",
        validation="results/{dataset}/matrices/validation.npz",
        test="results/{dataset}/matrices/test.npz",
        user_index="results/{dataset}/matrices/users.parquet",
        item_index="results/{dataset}/matrices/items.parquet",
    output:
        metrics="results/{dataset}/evaluation/{model}/seed-{seed}/metrics.json",
        per_user="results/{dataset}/evaluation/{model}/seed-{seed}/per-user.parquet",
        strata="results/{dataset}/evaluation/{model}/seed-{seed}/strata.csv",
    log:
        "results/{dataset}/logs/evaluate/{model}/seed-{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/evaluate/{model}/seed-{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_for_ratings,
        runtime=60,
    params:
        evaluation=config["evaluation"],
        seed=config["seed"],
    message:
        "Evaluating {wildcards.model}, seed {wildcards.seed}"
    script:
        "../../scripts/evaluate.py"


rule compare:
    input:
        library=library("compare"),
        metrics=fits("evaluation/{model}/seed-{seed}/metrics.json"),
        per_user=fits("evaluation/{model}/seed-{seed}/per-user.parquet"),
        strata=fits("evaluation/{model}/seed-{seed}/strata.csv"),
    output:
        metrics="results/{dataset}/comparison/metrics.csv",
        differences="results/{dataset}/comparison/differences.csv",
        table="results/{dataset}/comparison/table.csv",
        strata="results/{dataset}/comparison/strata.csv",
    log:
        "results/{dataset}/logs/compare.log",
    benchmark:
        "results/{dataset}/benchmarks/compare.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_for_ratings,
        runtime=60,
    params:
        evaluation=config["evaluation"],
        seed=config["seed"],
    message:
        "Comparing the models"
    script:
        "../../scripts/compare.py"


rule recommend:
    input:
        library=library("recommend"),
        model="results/{dataset}/models/{model}/seed-1/model.npz",
        train="results/{dataset}/matrices/train.npz",
        validation="results/{dataset}/matrices/validation.npz",
        user_index="results/{dataset}/matrices/users.parquet",
        item_index="results/{dataset}/matrices/items.parquet",
    output:
        recommendations="results/{dataset}/recommendations/{model}.csv",
        page=report(
            "results/{dataset}/recommendations/{model}.html",
            caption="../report/recommendations.rst",
            category="5 Recommendations",
            labels={"result": "Best unseen items of every user", "model": "{model}"},
        ),
    log:
        "results/{dataset}/logs/recommend/{model}.log",
    benchmark:
        "results/{dataset}/benchmarks/recommend/{model}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_for_ratings,
        runtime=60,
    params:
        recommendations=config["recommendations"],
        seed=config["seed"],
    message:
        "Recommending with {wildcards.model}"
    script:
        "../../scripts/recommend.py"
