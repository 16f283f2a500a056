# The fits that people use: on all ratings, after the comparison, which never sees them.

FINAL = f"{DATASET}/models/final"


use rule content as final_content with:
    input:
        item_index=f"{DATASET}/matrices/items.parquet",
        tags=f"{DATASET}/data/tags.parquet",
        train=f"{DATASET}/data/ratings.parquet",
    output:
        tfidf=f"{FINAL}/content/tfidf.npz",
        vocabulary=f"{FINAL}/content/vocabulary.parquet",
        facts=f"{FINAL}/content/content.json",
    log:
        log_of("final_content"),
    benchmark:
        benchmark_of("final_content")
    message:
        "Turning the items' text into TF-IDF rows, with all tags that may be known"


rule final:
    input:
        table=f"{DATASET}/comparison/table.csv",
        best=lambda wildcards: [
            path
            for model in candidates(wildcards)
            for path in best_of(model, wildcards)
        ],
        models=of_candidates("models/{model}/seed-1/model.npz"),
        fits=of_candidates("models/{model}/seed-1/fit.json"),
        ratings=f"{DATASET}/data/ratings.parquet",
        user_index=f"{DATASET}/matrices/users.parquet",
        item_index=f"{DATASET}/matrices/items.parquet",
        text=f"{DATASET}/content/content.json",
        content=f"{FINAL}/content/tfidf.npz",
        user_features=user_features_of,
        source=f"{DATASET}/data/source.json",
    output:
        model=f"{FINAL}/{{choice}}/model.npz",
        fit=f"{FINAL}/{{choice}}/fit.json",
    log:
        log_of("final/{choice}"),
    benchmark:
        benchmark_of("final/{choice}")
    conda:
        "../../environment.yml"
    threads: training_threads
    resources:
        **resources_of("final"),
    params:
        code=code_of("final"),
        models=lambda wildcards: {
            name: config["models"][name] for name in candidates(wildcards)
        },
        seed=config["seed"],
    message:
        "Fitting on all ratings: {wildcards.choice}"
    script:
        "../../scripts/final.py"


rule recommend:
    input:
        model=f"{FINAL}/{{choice}}/model.npz",
        fit=f"{FINAL}/{{choice}}/fit.json",
        rated=expand(f"{DATASET}/matrices/{{part}}.npz", part=PARTS, allow_missing=True),
        user_index=f"{DATASET}/matrices/users.parquet",
        item_index=f"{DATASET}/matrices/items.parquet",
    output:
        f"{DATASET}/recommendations/{{choice}}.csv",
    log:
        log_of("recommend/{choice}"),
    benchmark:
        benchmark_of("recommend/{choice}")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("recommend"),
    params:
        code=code_of("recommend"),
        recommendations=config["recommendations"],
        seed=config["seed"],
    message:
        "Recommending: {wildcards.choice}"
    script:
        "../../scripts/recommend.py"
