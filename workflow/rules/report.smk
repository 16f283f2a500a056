# What the report shows of a data set: figures, the outcome in words, pages, the manifest.


rule figures:
    input:
        **each_part("split/*.parquet"),
        **COMPARISON,
        histories=FILES.fits("models/{model}/seed-{seed}/history.csv", FILES.trained),
        trials=FILES.of_searched("search/{model}/trials.csv"),
        importances=FILES.of_searched("search/{model}/importances.csv"),
        best=FILES.of_searched("search/{model}/best.json"),
        fits=FILES.fits("models/{model}/seed-{seed}/fit.json", UNSEARCHED),
        rank_sweep=f"{DATASET}/svd/rank-sweep.csv",
    output:
        ratings=figure("ratings"),
        comparison=figure("comparison"),
        differences=figure("differences"),
        cold_start=figure("cold-start"),
        strata=figure("strata"),
        learning_curves=figure("learning-curves"),
        search=figure("search") if SEARCHED else [],
        rank_sweep=figure("rank-sweep"),
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
        **COMPARISON,
        rank_sweep=f"{DATASET}/svd/rank-sweep.csv",
        best=FILES.of_searched("search/{model}/best.json"),
        fits=FILES.fits("models/{model}/seed-{seed}/fit.json", UNSEARCHED),
        evaluation=FILES.fits("evaluation/{model}/seed-{seed}/metrics.json")[0],
        source=f"{DATASET}/data/source.json",
        text=f"{DATASET}/content/content.json",
        split=f"{DATASET}/split/split.json",
        leakage=f"{DATASET}/split/leakage.json",
        fitted_on=f"{DATASET}/split/fitted-on.csv",
        differences_figure=f"{DATASET}/figures/differences.svg",
        cold_start_figure=f"{DATASET}/figures/cold-start.svg",
    output:
        outcome=shown(f"{DATASET}/comparison/outcome.rst", "outcome"),
        figures=shown(f"{DATASET}/comparison/figures.html", "outcome-figures"),
        brief=f"{DATASET}/comparison/summary.json",
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
        source=shown(f"{DATASET}/data/source.html", "source"),
        leakage=shown(f"{DATASET}/split/leakage.html", "leakage"),
        table=shown(f"{DATASET}/comparison/table.html", "comparison-table"),
        differences=shown(f"{DATASET}/comparison/differences.html", "differences-table"),
        trials=[
            shown(f"{DATASET}/search/{model}/trials.html", "trials-table", model=model)
            for model in SEARCHED
        ],
        rank_sweep=shown(f"{DATASET}/svd/rank-sweep.html", "rank-sweep-table"),
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
            *(
                f"{DATASET}/data/{name}.parquet"
                for name in ("ratings", "items", "tags")
            ),
            *each_part("split/*.parquet").values(),
            *each_part("matrices/*.npz").values(),
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
        page=shown(f"{DATASET}/manifest.html", "manifest"),
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
        config=portable(config),
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
        page=shown(f"{DATASET}/usage.html", "usage"),
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
