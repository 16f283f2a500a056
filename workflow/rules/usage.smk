# What the jobs of a data set asked for beside what they used.

MEASURED = [
    *BENCHMARKS,
    *expand(
        f"{DATASET}/benchmarks/{{step}}.tsv",
        step=[
            "plot_ratings",
            "plot_learning_curves",
            "plot_rank_sweep",
            "plot_comparison",
            "plot_differences",
            "plot_cold_start",
            "plot_strata",
            "summarise",
            "pages",
            "manifest",
        ],
        allow_missing=True,
    ),
    *expand(
        f"{DATASET}/benchmarks/{{step}}.tsv",
        step=["studies", "trials_pages", "plot_search"] if SEARCHED else [],
        allow_missing=True,
    ),
    *[
        f"{DATASET}/benchmarks/recommend/{model}.tsv"
        for model in config["recommendations"]["models"]
    ],
]
OF_SMALL_MATRIX = [
    f"results/small-matrix/benchmarks/{step}.tsv"
    for step in ("small_matrix", "plot_small_matrix")
]
# Where they are for whoever opens them by path, also under the prefix of a module.
TOLD = [path.replace("results", RESULTS, 1) for path in MEASURED + OF_SMALL_MATRIX]


rule usage:
    input:
        library=library("usage"),
        done=["results/small-matrix/convergence.svg", *shown_of_data_set()],
    output:
        table="results/{dataset}/usage.csv",
        page=report(
            "results/{dataset}/usage.html",
            caption="../report/usage.rst",
            category="6 Manifest",
            labels={"result": "Memory and time, asked for and used"},
        ),
    log:
        "results/{dataset}/logs/usage.log",
    benchmark:
        "results/{dataset}/benchmarks/usage.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("usage"),
        runtime=minutes_of("usage"),
    params:
        # No inputs: whoever deletes old logs need not train anew.
        benchmarks=TOLD,
        logs=[log_of(path) for path in TOLD],
    message:
        "Setting what every job asked for beside what it used"
    script:
        "../../scripts/usage.py"
