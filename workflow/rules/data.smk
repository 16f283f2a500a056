# From the source of the data to sparse matrices.


rule fetch:
    input:
        library=library("fetch"),
        local=configured_files(),
    output:
        directory("results/{dataset}/data/raw"),
    log:
        "results/{dataset}/logs/fetch.log",
    benchmark:
        "results/{dataset}/benchmarks/fetch.tsv"
    retries: 2
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("fetch"),
        runtime=minutes_of("fetch"),
        disk_mb=disk_of("fetch"),
    params:
        dataset=fetched,
        seed=generating_seed,
    message:
        "Fetching {wildcards.dataset}"
    script:
        "../../scripts/fetch.py"


rule import_tables:
    input:
        library=library("import_tables"),
        raw="results/{dataset}/data/raw",
    output:
        ratings_table="results/{dataset}/data/ratings.parquet",
        items_table="results/{dataset}/data/items.parquet",
        tags_table="results/{dataset}/data/tags.parquet",
        source="results/{dataset}/data/source.json",
    log:
        "results/{dataset}/logs/import_tables.log",
    benchmark:
        "results/{dataset}/benchmarks/import_tables.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("import_tables"),
        runtime=minutes_of("import_tables"),
        disk_mb=disk_of("import_tables"),
    params:
        dataset=data_set_of,
    message:
        "Importing {wildcards.dataset} into the canonical tables"
    script:
        "../../scripts/import_tables.py"


rule split:
    input:
        library=library("split"),
        ratings=found("data/ratings.parquet"),
    output:
        train="results/{dataset}/split/train.parquet",
        validation="results/{dataset}/split/validation.parquet",
        test="results/{dataset}/split/test.parquet",
        facts="results/{dataset}/split/split.json",
    log:
        "results/{dataset}/logs/split.log",
    benchmark:
        "results/{dataset}/benchmarks/split.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("split"),
        runtime=minutes_of("split"),
        disk_mb=disk_of("split"),
    params:
        split=split_settings,
        seed=config["seed"],
    message:
        "Splitting the ratings into training, validation and test part"
    script:
        "../../scripts/split.py"


rule matrices:
    input:
        library=library("matrices"),
        train=found("split/train.parquet"),
        validation=found("split/validation.parquet"),
        test=found("split/test.parquet"),
        items_table=found("data/items.parquet"),
    output:
        train="results/{dataset}/matrices/train.npz",
        validation="results/{dataset}/matrices/validation.npz",
        test="results/{dataset}/matrices/test.npz",
        user_index="results/{dataset}/matrices/users.parquet",
        item_index="results/{dataset}/matrices/items.parquet",
    log:
        "results/{dataset}/logs/matrices.log",
    benchmark:
        "results/{dataset}/benchmarks/matrices.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("matrices"),
        runtime=minutes_of("matrices"),
        disk_mb=disk_of("matrices"),
    message:
        "Indexing users and items, and building the sparse matrices"
    script:
        "../../scripts/matrices.py"


rule places:
    input:
        library=library("places"),
        train=found("split/train.parquet"),
        validation=found("split/validation.parquet"),
        user_index=found("matrices/users.parquet"),
        item_index=found("matrices/items.parquet"),
    output:
        train="results/{dataset}/places/train.npz",
        validation="results/{dataset}/places/validation.npz",
    log:
        "results/{dataset}/logs/places.log",
    benchmark:
        "results/{dataset}/benchmarks/places.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("places"),
        runtime=minutes_of("places"),
    message:
        "Finding where each rating stands in its user's order"
    script:
        "../../scripts/places.py"


rule content:
    input:
        library=library("content"),
        item_index=found("matrices/items.parquet"),
        tags=found("data/tags.parquet"),
        train=found("split/train.parquet"),
    output:
        tfidf="results/{dataset}/content/tfidf.npz",
        vocabulary="results/{dataset}/content/vocabulary.parquet",
        facts="results/{dataset}/content/content.json",
    log:
        "results/{dataset}/logs/content.log",
    benchmark:
        "results/{dataset}/benchmarks/content.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("content"),
        runtime=minutes_of("content"),
    params:
        content=content_settings,
        seed=config["seed"],
    message:
        "Turning the items' text into TF-IDF rows"
    script:
        "../../scripts/content.py"
