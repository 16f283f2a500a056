# From the source of the data to sparse matrices.


rule fetch:
    input:
        local=own_inputs,
    output:
        directory(f"{DATASET}/data/raw"),
    log:
        log_of("fetch"),
    benchmark:
        benchmark_of("fetch")
    retries: 0 if EXPERIMENT.dataset.is_own else 2
    conda:
        "../../environment.yml"
    resources:
        **resources_of("fetch"),
    params:
        code=code_of("fetch"),
        contents=contents_of_own_files,
        dataset=fetched,
        seed=generating_seed,
    message:
        "Fetching {wildcards.dataset}"
    script:
        "../../scripts/fetch.py"


rule import_tables:
    input:
        raw=f"{DATASET}/data/raw",
    output:
        ratings_table=f"{DATASET}/data/ratings.parquet",
        items_table=f"{DATASET}/data/items.parquet",
        tags_table=f"{DATASET}/data/tags.parquet",
        users_table=f"{DATASET}/data/users.parquet",
        source=f"{DATASET}/data/source.json",
    log:
        log_of("import_tables"),
    benchmark:
        benchmark_of("import_tables")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("import_tables"),
    params:
        code=code_of("import_tables"),
        dataset=settings_of("dataset"),
    message:
        "Importing {wildcards.dataset} into the canonical tables"
    script:
        "../../scripts/import_tables.py"


rule split:
    input:
        ratings=found("data/ratings.parquet"),
        source=found("data/source.json"),
    output:
        **each_part("split/*.parquet"),
        facts=f"{DATASET}/split/split.json",
    log:
        log_of("split"),
    benchmark:
        benchmark_of("split")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("split"),
    params:
        code=code_of("split"),
        split=settings_of("split"),
        seed=config["seed"],
    message:
        "Splitting the ratings into training, validation and test part"
    script:
        "../../scripts/split.py"


rule matrices:
    input:
        **each_part("split/*.parquet", found),
        items_table=found("data/items.parquet"),
    output:
        **each_part("matrices/*.npz"),
        times=f"{DATASET}/matrices/times.npz",
        user_index=f"{DATASET}/matrices/users.parquet",
        item_index=f"{DATASET}/matrices/items.parquet",
        index=f"{DATASET}/matrices/index.json",
    log:
        log_of("matrices"),
    benchmark:
        benchmark_of("matrices")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("matrices"),
    params:
        code=code_of("matrices"),
    message:
        "Indexing users and items, and building the sparse matrices"
    script:
        "../../scripts/matrices.py"


rule content:
    input:
        item_index=found("matrices/items.parquet"),
        tags=found("data/tags.parquet"),
        train=found("split/train.parquet"),
    output:
        tfidf=f"{DATASET}/content/tfidf.npz",
        vocabulary=f"{DATASET}/content/vocabulary.parquet",
        facts=f"{DATASET}/content/content.json",
    log:
        log_of("content"),
    benchmark:
        benchmark_of("content")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("content"),
    params:
        code=code_of("content"),
        content=settings_of("content"),
        seed=config["seed"],
    message:
        "Turning the items' text into TF-IDF rows"
    script:
        "../../scripts/content.py"


rule user_features:
    input:
        users_table=found("data/users.parquet"),
        user_index=found("matrices/users.parquet"),
    output:
        matrix=f"{DATASET}/user_features/matrix.npz",
    log:
        log_of("user_features"),
    benchmark:
        benchmark_of("user_features")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("user_features"),
    params:
        code=code_of("user_features"),
    message:
        "Turning what describes the users into features"
    script:
        "../../scripts/user_features.py"
