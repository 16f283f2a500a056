# Whether the engines agree. No target of `rule all`; `make parity` asks for it.


rule parity:
    input:
        library=library("parity"),
        train="results/{dataset}/matrices/train.npz",
        test="results/{dataset}/matrices/test.npz",
        content="results/{dataset}/content/tfidf.npz",
        source="results/{dataset}/data/source.json",
    output:
        "results/{dataset}/parity/parity.csv",
    log:
        "results/{dataset}/logs/parity.log",
    benchmark:
        "results/{dataset}/benchmarks/parity.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("parity"),
        runtime=minutes_of("parity"),
    params:
        models=MODELS,
        training=config["training"],
        seed=config["seed"],
        seeds=config["seeds"],
    message:
        "Training every variant by every engine"
    script:
        "../../scripts/parity.py"


# A rule of its own: Snakemake deletes what a failed job has written, and the figures shall stay.
rule check_parity:
    input:
        library=library("check_parity"),
        outcomes="results/{dataset}/parity/parity.csv",
    output:
        "results/{dataset}/parity/agreement.txt",
    log:
        "results/{dataset}/logs/check_parity.log",
    benchmark:
        "results/{dataset}/benchmarks/check_parity.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("check_parity"),
        runtime=minutes_of("check_parity"),
    message:
        "Checking that the engines agree"
    script:
        "../../scripts/check_parity.py"


# Names the data set's own file, so that it can be asked for without knowing the configuration.
rule parity_all:
    input:
        expand(f"{DATASET}/parity/agreement.txt", dataset=DATA_SETS),
