# What people read about a data set: figures, the outcome in words, the manifest, the report.


CHARTS = ["learning-curves", *(["search"] if SEARCHED else [])]


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
        figures=[f"{DATASET}/figures/{name}.svg" for name in FIGURES],
        learning_curves=f"{DATASET}/figures/learning-curves.svg",
        search=f"{DATASET}/figures/search.svg" if SEARCHED else [],
        others=other_forms(*(f"{DATASET}/figures/{name}.svg" for name in FIGURES)),
        charts=chart_forms(*(f"{DATASET}/figures/{name}.svg" for name in CHARTS)),
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
        report=config["report"],
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
    output:
        outcome=f"{DATASET}/comparison/outcome.rst",
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


rule manifest:
    input:
        files=[
            *(
                f"{DATASET}/data/{name}.parquet"
                for name in ("ratings", "items", "tags", "users")
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
        f"{DATASET}/manifest.json",
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
        done=["results/small-matrix/convergence.svg", *made_of_data_set()],
    output:
        f"{DATASET}/usage.csv",
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


rule report_page:
    input:
        **COMPARISON,
        outcome=f"{DATASET}/comparison/outcome.rst",
        rank_sweep=f"{DATASET}/svd/rank-sweep.csv",
        fitted_on=f"{DATASET}/split/fitted-on.csv",
        leakage=f"{DATASET}/split/leakage.json",
        source=f"{DATASET}/data/source.json",
        manifest=f"{DATASET}/manifest.json",
        usage=f"{DATASET}/usage.csv",
        figures=[
            f"{folder}{form}.svg"
            for folder in (
                *(f"{DATASET}/figures/{name}" for name in FIGURES),
                "results/small-matrix/convergence",
            )
            for form in ("", "-narrow")
        ],
        charts=[
            f"{DATASET}/figures/{name}{form}.json"
            for name in CHARTS
            for form in ("", "-narrow")
        ],
        small_matrix="results/small-matrix/errors.csv",
        trials=FILES.of_searched("search/{model}/trials.csv"),
        best=FILES.of_searched("search/{model}/best.json"),
        fits=FILES.fits("models/{model}/seed-{seed}/fit.json"),
    output:
        shown(f"{DATASET}/report.html", "Report"),
    log:
        log_of("report_page"),
    benchmark:
        benchmark_of("report_page")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("report_page"),
    params:
        code=code_of("report_page"),
        config=ShownSettings(portable(config)),
        searched=SEARCHED,
        fitted=[model for model, _ in FILES.model_seeds()],
        links={
            "All data sets": "../index.html",
            **({"Explorer": "explorer/index.html"} if CHOICES else {}),
        },
    message:
        "Writing the report of {wildcards.dataset}"
    script:
        "../../scripts/report_page.py"


# The index of everything in the results folder, other runs' data sets too.
rule index_page:
    input:
        expand(
            f"{DATASET}/{{file}}",
            dataset=DATA_SETS,
            file=[
                *("report.html", "manifest.json", "data/source.json"),
                *("comparison/summary.json", "comparison/table.csv"),
                *(["explorer/index.html"] if CHOICES else []),
            ],
        ),
    output:
        "results/index.html",
    log:
        log_of("index_page", "results"),
    benchmark:
        benchmark_of("index_page", "results")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("index_page"),
    params:
        code=code_of("index_page"),
    message:
        "Writing the index of all data sets"
    script:
        "../../scripts/index_page.py"
