# What the report shows of a data set: figures, the outcome in words, pages, the manifest.


rule figures:
    input:
        train=f"{DATASET}/split/train.parquet",
        validation=f"{DATASET}/split/validation.parquet",
        test=f"{DATASET}/split/test.parquet",
        histories=FILES.fits("models/{model}/seed-{seed}/history.csv", FILES.trained),
        trials=FILES.of_searched("search/{model}/trials.csv"),
        importances=FILES.of_searched("search/{model}/importances.csv"),
        best=FILES.of_searched("search/{model}/best.json"),
        fits=FILES.fits("models/{model}/seed-{seed}/fit.json", UNSEARCHED),
        rank_sweep=f"{DATASET}/svd/rank-sweep.csv",
        table=f"{DATASET}/comparison/table.csv",
        metrics=f"{DATASET}/comparison/metrics.csv",
        differences=f"{DATASET}/comparison/differences.csv",
        strata=f"{DATASET}/comparison/strata.csv",
    output:
        ratings=figure("ratings", "1 Data", "Ratings and their long tail"),
        comparison=figure("comparison", "2 Comparison", "All models, drawn"),
        differences=figure(
            "differences",
            "2 Comparison",
            "Differences from plain factorisation, drawn",
        ),
        cold_start=figure(
            "cold-start", "2 Comparison", "Error by training ratings of the item"
        ),
        strata=figure(
            "strata", "2 Comparison", "Errors and lists by user history and year"
        ),
        learning_curves=figure(
            "learning-curves", "3 Search and training", "Learning curves"
        ),
        search=(
            figure("search", "3 Search and training", "Search history and importances")
            if SEARCHED
            else []
        ),
        rank_sweep=figure("rank-sweep", "4 Truncated SVD", "Rank sweep, drawn"),
    log:
        log_of("figures"),
    benchmark:
        benchmark_of("figures")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("figures"),
    params:
        code=code_of("figures"),
        models=config["models"],
        histories=FILES.model_seeds(FILES.trained),
        fitted=[model for model, _ in FILES.model_seeds(UNSEARCHED)],
        evaluation=config["evaluation"],
    message:
        "Drawing the figures"
    script:
        "../../scripts/figures.py"


rule summarise:
    input:
        table=f"{DATASET}/comparison/table.csv",
        metrics=f"{DATASET}/comparison/metrics.csv",
        differences=f"{DATASET}/comparison/differences.csv",
        strata=f"{DATASET}/comparison/strata.csv",
        rank_sweep=f"{DATASET}/svd/rank-sweep.csv",
        best=FILES.of_searched("search/{model}/best.json"),
        fits=FILES.fits("models/{model}/seed-{seed}/fit.json", UNSEARCHED),
        source=f"{DATASET}/data/source.json",
        split=f"{DATASET}/split/split.json",
        leakage=f"{DATASET}/split/leakage.json",
        fitted_on=f"{DATASET}/split/fitted-on.csv",
        differences_figure=f"{DATASET}/figures/differences.svg",
        cold_start_figure=f"{DATASET}/figures/cold-start.svg",
    output:
        outcome=page(
            f"{DATASET}/comparison/outcome.rst",
            *("outcome", "2 Comparison", "The outcome in words, as text"),
        ),
        figures=page(
            f"{DATASET}/comparison/figures.html",
            *("outcome-figures", "2 Comparison", "The figures of the outcome"),
        ),
    log:
        log_of("summarise"),
    benchmark:
        benchmark_of("summarise")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("summarise"),
    params:
        code=code_of("summarise"),
        fitted=[model for model, _ in FILES.model_seeds(UNSEARCHED)],
        models=config["models"],
        content=config["content"],
        evaluation=config["evaluation"],
        published=config["published"],
    message:
        "Writing the outcome in words"
    script:
        "../../scripts/summarise.py"


rule pages:
    input:
        source=f"{DATASET}/data/source.json",
        leakage=f"{DATASET}/split/leakage.json",
        table=f"{DATASET}/comparison/table.csv",
        differences=f"{DATASET}/comparison/differences.csv",
        rank_sweep=f"{DATASET}/svd/rank-sweep.csv",
        trials=FILES.of_searched("search/{model}/trials.csv"),
        best=FILES.of_searched("search/{model}/best.json"),
    output:
        source=page(
            f"{DATASET}/data/source.html",
            *("source", "1 Data", "Data source and what was dropped"),
        ),
        leakage=page(
            f"{DATASET}/split/leakage.html",
            *("leakage", "1 Data", "Leakage audit of the split"),
        ),
        table=page(
            f"{DATASET}/comparison/table.html",
            *("comparison-table", "2 Comparison", "All models, table"),
        ),
        differences=page(
            f"{DATASET}/comparison/differences.html",
            *("differences-table", "2 Comparison", "Differences between models"),
        ),
        trials=[
            page(
                f"{DATASET}/search/{model}/trials.html",
                *("trials-table", "3 Search and training", "All trials"),
                model=model,
            )
            for model in SEARCHED
        ],
        rank_sweep=page(
            f"{DATASET}/svd/rank-sweep.html",
            *("rank-sweep-table", "4 Truncated SVD", "Rank sweep, table"),
        ),
    log:
        log_of("pages"),
    benchmark:
        benchmark_of("pages")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("pages"),
    params:
        code=code_of("pages"),
    message:
        "Turning tables and facts into pages"
    script:
        "../../scripts/pages.py"


rule manifest:
    input:
        files=[
            *expand(
                f"{DATASET}/data/{{table}}.parquet",
                table=["ratings", "items", "tags"],
                allow_missing=True,
            ),
            *expand(
                [
                    f"{DATASET}/split/{{part}}.parquet",
                    f"{DATASET}/matrices/{{part}}.npz",
                ],
                part=["train", "validation", "test"],
                allow_missing=True,
            ),
            f"{DATASET}/content/tfidf.npz",
            *FILES.fits("models/{model}/seed-{seed}/model.npz"),
            *FILES.fits("evaluation/{model}/seed-{seed}/metrics.json"),
            f"{DATASET}/comparison/metrics.csv",
        ],
        source=f"{DATASET}/data/source.json",
        fits=FILES.fits("models/{model}/seed-{seed}/fit.json"),
        benchmarks=FILES.benchmarks(before_manifest=True),
    output:
        manifest=f"{DATASET}/manifest.json",
        page=page(
            f"{DATASET}/manifest.html",
            *("manifest", "6 Manifest", "Everything needed to regenerate this report"),
        ),
    log:
        log_of("manifest"),
    benchmark:
        benchmark_of("manifest")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("manifest"),
    params:
        code=code_of("manifest"),
        config=config,
    message:
        "Writing the manifest"
    script:
        "../../scripts/manifest.py"


# Logs are parameters, not inputs, so that deleting old ones reruns nothing; hence the paths have a
# module's prefix.
rule usage:
    input:
        done=["results/small-matrix/convergence.svg", *shown_of_data_set()],
    output:
        table=f"{DATASET}/usage.csv",
        page=page(
            f"{DATASET}/usage.html",
            *("usage", "6 Manifest", "Memory and time, requested and used"),
        ),
    log:
        log_of("usage"),
    benchmark:
        benchmark_of("usage")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("usage"),
    params:
        **job_files(
            [
                *FILES.benchmarks(),
                benchmark_of("small_matrix", "results/small-matrix"),
            ],
            RESULTS,
        ),
        code=code_of("usage"),
    message:
        "Comparing what every job requested with what it used"
    script:
        "../../scripts/usage.py"
