# Scores of every fit on the test part, their comparison, and what the models recommend.


rule leakage:
    input:
        library=library("leakage"),
        train=found("split/train.parquet"),
        validation=found("split/validation.parquet"),
        test=found("split/test.parquet"),
        tags=found("data/tags.parquet"),
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
        mem_mb=memory_of("leakage"),
        runtime=minutes_of("leakage"),
    message:
        "Auditing the split for knowledge of the future"
    script:
        "../../scripts/leakage.py"


rule fitted_on:
    input:
        library=library("fitted_on"),
        train=found("split/train.parquet"),
        validation=found("split/validation.parquet"),
        test=found("split/test.parquet"),
        items_table=found("data/items.parquet"),
        tags=found("data/tags.parquet"),
        user_index=found("matrices/users.parquet"),
        item_index=found("matrices/items.parquet"),
        train_matrix=found("matrices/train.npz"),
        tfidf=found("content/tfidf.npz"),
        vocabulary=found("content/vocabulary.parquet"),
        facts=found("content/content.json"),
        places=places_of_arm,
        models=fits_of_arm("models/{model}/seed-1/model.npz"),
        fits=fits_of_arm("models/{model}/seed-1/fit.json"),
    output:
        table="results/{dataset}/split/fitted-on.csv",
        page=report(
            "results/{dataset}/split/fitted-on.html",
            caption="../report/fitted-on.rst",
            category="1 Data",
            labels={"result": "What was fitted on which part"},
        ),
    log:
        "results/{dataset}/logs/fitted_on.log",
    benchmark:
        "results/{dataset}/benchmarks/fitted_on.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("fitted_on"),
        runtime=minutes_of("fitted_on"),
    params:
        content=content_settings,
        training=config["training"],
        seed=config["seed"],
    message:
        "Finding out what was fitted on which part"
    script:
        "../../scripts/fitted_on.py"


rule evaluate:
    input:
        library=library("evaluate"),
        model=found("models/{model}/seed-{seed}/model.npz"),
        train=found("matrices/train.npz"),
        validation=found("matrices/validation.npz"),
        test=found("matrices/test.npz"),
        test_ratings=found("split/test.parquet"),
        user_index=found("matrices/users.parquet"),
        item_index=found("matrices/items.parquet"),
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
        mem_mb=memory_of("evaluate"),
        runtime=minutes_of("evaluate"),
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
        metrics=fits_of_arm("evaluation/{model}/seed-{seed}/metrics.json"),
        per_user=fits_of_arm("evaluation/{model}/seed-{seed}/per-user.parquet"),
        strata=fits_of_arm("evaluation/{model}/seed-{seed}/strata.csv"),
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
        mem_mb=memory_of("compare"),
        runtime=minutes_of("compare"),
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
        mem_mb=memory_of("recommend"),
        runtime=minutes_of("recommend"),
    params:
        recommendations=config["recommendations"],
        seed=config["seed"],
    message:
        "Recommending with {wildcards.model}"
    script:
        "../../scripts/recommend.py"
