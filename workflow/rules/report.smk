# Figures, the outcome in words, the manifest: what the report is made of.

TABLES = ["ratings", "items", "tags"]
PARTS = ["train", "validation", "test"]
LEARNED = [fit for fit in FITS if is_trained(MODELS[fit["model"]])]
# Fits of models that are trained and not searched: their validation errors stand nowhere else.
UNSEARCHED = [fit for fit in LEARNED if fit["model"] not in SEARCHED]
PLACED = [entry for entry in MODELS.values() if uses_places(entry, config["training"])]

# Where the manifest reads what each job took.
BENCHMARKS = [
    *expand(
        f"{DATASET}/benchmarks/{{step}}.tsv",
        step=[
            "fetch",
            "import_tables",
            "split",
            "leakage",
            "fitted_on",
            "matrices",
            "content",
            "rank_sweep",
            "compare",
            *(["places"] if PLACED else []),
        ],
        allow_missing=True,
    ),
    *expand(
        [f"{DATASET}/benchmarks/{search_job}.tsv" for search_job in SEARCH_JOBS],
        model=SEARCHED,
        allow_missing=True,
    ),
    *expand(
        f"{DATASET}/benchmarks/select_best/{{model}}.tsv",
        model=SEARCHED,
        allow_missing=True,
    ),
    *fits("benchmarks/train/{model}/seed-{seed}.tsv"),
    *fits("benchmarks/evaluate/{model}/seed-{seed}.tsv"),
]


rule plot_ratings:
    input:
        library=library("plot_ratings"),
        train="results/{dataset}/split/train.parquet",
        validation="results/{dataset}/split/validation.parquet",
        test="results/{dataset}/split/test.parquet",
    output:
        report(
            "results/{dataset}/figures/ratings.svg",
            caption="../report/ratings.rst",
            category="1 Data",
            labels={"result": "Ratings and their long tail"},
        ),
    log:
        "results/{dataset}/logs/plot_ratings.log",
    benchmark:
        "results/{dataset}/benchmarks/plot_ratings.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("plot_ratings"),
        runtime=minutes_of("plot_ratings"),
    message:
        "Plotting the ratings"
    script:
        "../../scripts/plot_ratings.py"


rule plot_learning_curves:
    input:
        library=library("plot_learning_curves"),
        histories=[
            f"{DATASET}/models/{fit['model']}/seed-{fit['seed']}/history.csv"
            for fit in LEARNED
        ],
    output:
        report(
            "results/{dataset}/figures/learning-curves.svg",
            caption="../report/learning-curves.rst",
            category="3 Search and training",
            labels={"result": "Learning curves"},
        ),
    log:
        "results/{dataset}/logs/plot_learning_curves.log",
    benchmark:
        "results/{dataset}/benchmarks/plot_learning_curves.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("plot_learning_curves"),
        runtime=minutes_of("plot_learning_curves"),
    params:
        models=[fit["model"] for fit in LEARNED],
        seeds=[fit["seed"] for fit in LEARNED],
    message:
        "Plotting the learning curves"
    script:
        "../../scripts/plot_learning_curves.py"


rule plot_search:
    input:
        library=library("plot_search"),
        trials=[f"{DATASET}/search/{model}/trials.csv" for model in SEARCHED],
        importances=[f"{DATASET}/search/{model}/importances.csv" for model in SEARCHED],
        best=[f"{DATASET}/search/{model}/best.json" for model in SEARCHED],
    output:
        report(
            "results/{dataset}/figures/search.svg",
            caption="../report/search.rst",
            category="3 Search and training",
            labels={"result": "Search history and importances"},
        ),
    log:
        "results/{dataset}/logs/plot_search.log",
    benchmark:
        "results/{dataset}/benchmarks/plot_search.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("plot_search"),
        runtime=minutes_of("plot_search"),
    params:
        models={name: MODELS[name] for name in SEARCHED},
        search=config["search"],
    message:
        "Plotting the search"
    script:
        "../../scripts/plot_search.py"


rule plot_rank_sweep:
    input:
        library=library("plot_rank_sweep"),
        sweep="results/{dataset}/svd/rank-sweep.csv",
    output:
        report(
            "results/{dataset}/figures/rank-sweep.svg",
            caption="../report/rank-sweep.rst",
            category="4 Truncated SVD",
            labels={"result": "Rank sweep, drawn"},
        ),
    log:
        "results/{dataset}/logs/plot_rank_sweep.log",
    benchmark:
        "results/{dataset}/benchmarks/plot_rank_sweep.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("plot_rank_sweep"),
        runtime=minutes_of("plot_rank_sweep"),
    message:
        "Plotting the rank sweep"
    script:
        "../../scripts/plot_rank_sweep.py"


rule plot_comparison:
    input:
        library=library("plot_comparison"),
        metrics="results/{dataset}/comparison/metrics.csv",
    output:
        report(
            "results/{dataset}/figures/comparison.svg",
            caption="../report/comparison.rst",
            category="2 Comparison",
            labels={"result": "All models, drawn"},
        ),
    log:
        "results/{dataset}/logs/plot_comparison.log",
    benchmark:
        "results/{dataset}/benchmarks/plot_comparison.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("plot_comparison"),
        runtime=minutes_of("plot_comparison"),
    params:
        models=MODELS,
        evaluation=config["evaluation"],
    message:
        "Plotting the comparison"
    script:
        "../../scripts/plot_comparison.py"


rule plot_differences:
    input:
        library=library("plot_differences"),
        table="results/{dataset}/comparison/table.csv",
        differences="results/{dataset}/comparison/differences.csv",
        best=[f"{DATASET}/search/{model}/best.json" for model in SEARCHED],
        fits=fits(
            "models/{model}/seed-{seed}/fit.json",
            [fit["model"] for fit in UNSEARCHED],
        ),
    output:
        report(
            "results/{dataset}/figures/differences.svg",
            caption="../report/differences.rst",
            category="2 Comparison",
            labels={"result": "Differences from plain factorisation, drawn"},
        ),
    log:
        "results/{dataset}/logs/plot_differences.log",
    benchmark:
        "results/{dataset}/benchmarks/plot_differences.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("plot_differences"),
        runtime=minutes_of("plot_differences"),
    params:
        fitted=[fit["model"] for fit in UNSEARCHED],
        models=MODELS,
        evaluation=config["evaluation"],
    message:
        "Plotting the differences between the models"
    script:
        "../../scripts/plot_differences.py"


rule plot_cold_start:
    input:
        library=library("plot_cold_start"),
        strata="results/{dataset}/comparison/strata.csv",
    output:
        report(
            "results/{dataset}/figures/cold-start.svg",
            caption="../report/cold-start.rst",
            category="2 Comparison",
            labels={"result": "Error by training ratings of the item"},
        ),
    log:
        "results/{dataset}/logs/plot_cold_start.log",
    benchmark:
        "results/{dataset}/benchmarks/plot_cold_start.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("plot_cold_start"),
        runtime=minutes_of("plot_cold_start"),
    params:
        models=MODELS,
    message:
        "Plotting the error by number of training ratings of the item"
    script:
        "../../scripts/plot_cold_start.py"


rule plot_strata:
    input:
        library=library("plot_strata"),
        strata="results/{dataset}/comparison/strata.csv",
    output:
        report(
            "results/{dataset}/figures/strata.svg",
            caption="../report/strata.rst",
            category="2 Comparison",
            labels={"result": "Errors and lists by user history and year"},
        ),
    log:
        "results/{dataset}/logs/plot_strata.log",
    benchmark:
        "results/{dataset}/benchmarks/plot_strata.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("plot_strata"),
        runtime=minutes_of("plot_strata"),
    params:
        models=MODELS,
        evaluation=config["evaluation"],
    message:
        "Plotting errors and lists by user history and year"
    script:
        "../../scripts/plot_strata.py"


rule plot_small_matrix:
    input:
        library=library("plot_small_matrix"),
        curves="results/small-matrix/curves.csv",
        errors="results/small-matrix/errors.csv",
    output:
        report(
            "results/small-matrix/convergence.svg",
            caption="../report/small-matrix.rst",
            category="4 Truncated SVD",
            labels={"result": "Small matrix, drawn"},
        ),
    log:
        "results/small-matrix/logs/plot_small_matrix.log",
    benchmark:
        "results/small-matrix/benchmarks/plot_small_matrix.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("plot_small_matrix"),
        runtime=minutes_of("plot_small_matrix"),
    message:
        "Plotting the small-matrix study"
    script:
        "../../scripts/plot_small_matrix.py"


rule summarise:
    input:
        library=library("summarise"),
        table="results/{dataset}/comparison/table.csv",
        metrics="results/{dataset}/comparison/metrics.csv",
        differences="results/{dataset}/comparison/differences.csv",
        strata="results/{dataset}/comparison/strata.csv",
        rank_sweep="results/{dataset}/svd/rank-sweep.csv",
        best=[f"{DATASET}/search/{model}/best.json" for model in SEARCHED],
        fits=fits(
            "models/{model}/seed-{seed}/fit.json",
            [fit["model"] for fit in UNSEARCHED],
        ),
        source="results/{dataset}/data/source.json",
        split="results/{dataset}/split/split.json",
        leakage="results/{dataset}/split/leakage.json",
        fitted_on="results/{dataset}/split/fitted-on.csv",
        differences_figure="results/{dataset}/figures/differences.svg",
        cold_start_figure="results/{dataset}/figures/cold-start.svg",
    output:
        outcome=report(
            "results/{dataset}/comparison/outcome.rst",
            caption="../report/outcome.rst",
            category="2 Comparison",
            labels={"result": "The outcome in words, as text"},
        ),
        figures=report(
            "results/{dataset}/comparison/figures.html",
            caption="../report/outcome-figures.rst",
            category="2 Comparison",
            labels={"result": "The figures of the outcome"},
        ),
    log:
        "results/{dataset}/logs/summarise.log",
    benchmark:
        "results/{dataset}/benchmarks/summarise.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("summarise"),
        runtime=minutes_of("summarise"),
    params:
        fitted=[fit["model"] for fit in UNSEARCHED],
        models=MODELS,
        content=config["content"],
        evaluation=config["evaluation"],
        published=config["published"],
    message:
        "Putting the outcome into words"
    script:
        "../../scripts/summarise.py"


rule pages:
    input:
        library=library("pages"),
        source="results/{dataset}/data/source.json",
        leakage="results/{dataset}/split/leakage.json",
        table="results/{dataset}/comparison/table.csv",
        differences="results/{dataset}/comparison/differences.csv",
        rank_sweep="results/{dataset}/svd/rank-sweep.csv",
    output:
        source=report(
            "results/{dataset}/data/source.html",
            caption="../report/source.rst",
            category="1 Data",
            labels={"result": "Data source and what was dropped"},
        ),
        leakage=report(
            "results/{dataset}/split/leakage.html",
            caption="../report/leakage.rst",
            category="1 Data",
            labels={"result": "Leakage audit of the split"},
        ),
        table=report(
            "results/{dataset}/comparison/table.html",
            caption="../report/comparison-table.rst",
            category="2 Comparison",
            labels={"result": "All models, table"},
        ),
        differences=report(
            "results/{dataset}/comparison/differences.html",
            caption="../report/differences-table.rst",
            category="2 Comparison",
            labels={"result": "Differences between models"},
        ),
        rank_sweep=report(
            "results/{dataset}/svd/rank-sweep.html",
            caption="../report/rank-sweep-table.rst",
            category="4 Truncated SVD",
            labels={"result": "Rank sweep, table"},
        ),
    log:
        "results/{dataset}/logs/pages.log",
    benchmark:
        "results/{dataset}/benchmarks/pages.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("pages"),
        runtime=minutes_of("pages"),
    message:
        "Setting tables and facts as pages"
    script:
        "../../scripts/pages.py"


rule manifest:
    input:
        library=library("manifest"),
        files=[
            *[f"{DATASET}/data/{table}.parquet" for table in TABLES],
            *[f"{DATASET}/split/{part}.parquet" for part in PARTS],
            *[f"{DATASET}/matrices/{part}.npz" for part in PARTS],
            f"{DATASET}/content/tfidf.npz",
            *fits("models/{model}/seed-{seed}/model.npz"),
            *fits("evaluation/{model}/seed-{seed}/metrics.json"),
            f"{DATASET}/comparison/metrics.csv",
        ],
        source="results/{dataset}/data/source.json",
        fits=fits("models/{model}/seed-{seed}/fit.json"),
        benchmarks=BENCHMARKS,
    output:
        manifest="results/{dataset}/manifest.json",
        page=report(
            "results/{dataset}/manifest.html",
            caption="../report/manifest.rst",
            category="6 Manifest",
            labels={"result": "Everything needed to regenerate this report"},
        ),
    log:
        "results/{dataset}/logs/manifest.log",
    benchmark:
        "results/{dataset}/benchmarks/manifest.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("manifest"),
        runtime=minutes_of("manifest"),
    params:
        config=config,
    message:
        "Writing the manifest"
    script:
        "../../scripts/manifest.py"
