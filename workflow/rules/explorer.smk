# A page on which to look up any user and any item, and why models predict what they predict.


CHOICES = EXPERIMENT.recommendations.choices


rule explorer:
    input:
        **each_part("split/*.parquet"),
        table=f"{DATASET}/comparison/table.csv",
        final=[f"{FINAL}/{choice}/model.npz" for choice in CHOICES],
        fits=[f"{FINAL}/{choice}/fit.json" for choice in CHOICES],
        evaluated=[
            f"{DATASET}/models/{model}/seed-1/model.npz" for model in EXPERIMENT.models
        ],
        ratings=f"{DATASET}/data/ratings.parquet",
        source=f"{DATASET}/data/source.json",
        user_index=f"{DATASET}/matrices/users.parquet",
        item_index=f"{DATASET}/matrices/items.parquet",
        content=f"{FINAL}/content/tfidf.npz",
        vocabulary=f"{FINAL}/content/vocabulary.parquet",
    output:
        data=f"{DATASET}/explorer/explorer.json",
        page=shown(f"{DATASET}/explorer/index.html", "Explorer"),
    log:
        log_of("explorer"),
    benchmark:
        benchmark_of("explorer")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("explorer"),
    params:
        code=code_of("explorer"),
        models=config["models"],
        explorer=config["explorer"],
        n=config["recommendations"]["n"],
        seed=config["seed"],
    message:
        "Writing the explorer of {wildcards.dataset}"
    script:
        "../../scripts/explorer.py"
