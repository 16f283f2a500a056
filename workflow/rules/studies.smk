# Further studies: SVD by rank, a small matrix, other protocols, ablation, engines, scale.


rule rank_sweep:
    input:
        **each_part("matrices/*.npz"),
        source=f"{DATASET}/data/source.json",
        best=lambda wildcards: best_of(EXPERIMENT.svd.compared_with, wildcards),
        best_svd=lambda wildcards: best_of(first_svd(), wildcards),
    output:
        f"{DATASET}/svd/rank-sweep.csv",
    log:
        log_of("rank_sweep"),
    benchmark:
        benchmark_of("rank_sweep")
    conda:
        "../../environment.yml"
    threads: training_threads
    resources:
        **resources_of("rank_sweep"),
    params:
        code=code_of("rank_sweep"),
        ranks=config["svd"]["ranks"],
        svd=config["models"].get(first_svd(), {"kind": "svd"}),
        model=config["models"].get(config["svd"]["compared_with"]),
        seed=config["seed"],
    message:
        "Comparing truncated SVD with matrix factorisation by rank"
    script:
        "../../scripts/rank_sweep.py"


rule small_matrix:
    output:
        errors="results/small-matrix/errors.csv",
        curves="results/small-matrix/curves.csv",
        completion="results/small-matrix/completion.csv",
        figure="results/small-matrix/convergence.svg",
        others=other_forms("results/small-matrix/convergence.svg"),
    log:
        log_of("small_matrix", "results/small-matrix"),
    benchmark:
        benchmark_of("small_matrix", "results/small-matrix")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("small_matrix"),
    params:
        code=code_of("small_matrix"),
        small_matrix=config["small_matrix"],
        seed=config["seed"],
        report=config["report"],
    message:
        "Factorising the small matrix by every method"
    script:
        "../../scripts/small_matrix.py"


rule audit_table:
    input:
        metrics=in_each_audited("comparison/metrics.csv"),
        differences=in_each_audited("comparison/differences.csv"),
        split=in_each_audited("split/split.json"),
        leakage=in_each_audited("split/leakage.json"),
        content=in_each_audited("content/content.json"),
        per_user=per_user_on_same_test,
    output:
        table=f"{DATASET}/audit/audit.csv",
        page=shown(f"{DATASET}/audit/audit.html", "Audit of the protocol"),
        figure=f"{DATASET}/audit/audit.svg",
        others=other_forms(f"{DATASET}/audit/audit.svg"),
    log:
        log_of("audit_table"),
    benchmark:
        benchmark_of("audit_table")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("audit_table"),
    params:
        code=code_of("audit_table"),
        variants=[AS_CONFIGURED, *AUDITED],
        fits=fits_on_same_test,
        blended=config["ablation"]["model"],
        plain=config["svd"]["compared_with"],
        evaluation=config["evaluation"],
        seed=config["seed"],
        report=config["report"],
    message:
        "Comparing the experiment under several protocols"
    script:
        "../../scripts/audit_table.py"


rule ablation_table:
    input:
        per_user=expand(
            f"{{folder}}/evaluation/{EXPERIMENT.ablation.model}/seed-{{seed}}/per-user.parquet",
            folder=[DATASET, *(f"{DATASET}/ablation/{name}" for name in ABLATED)],
            seed=ablated_seeds(),
            allow_missing=True,
        ),
        content=f"{DATASET}/content/content.json",
    output:
        table=f"{DATASET}/ablation/ablation.csv",
        placebos=f"{DATASET}/ablation/placebos.json",
        page=shown(f"{DATASET}/ablation/ablation.html", "Ablation of the content"),
        figure=f"{DATASET}/ablation/ablation.svg",
        others=other_forms(f"{DATASET}/ablation/ablation.svg"),
    log:
        log_of("ablation_table"),
    benchmark:
        benchmark_of("ablation_table")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("ablation_table"),
    params:
        code=code_of("ablation_table"),
        variants=ABLATED,
        variants_of_fits=[name for name in ["full", *ABLATED] for _ in ablated_seeds()],
        evaluation=config["evaluation"],
        seed=config["seed"],
        report=config["report"],
    message:
        "Comparing the model with its ablations and placebos"
    script:
        "../../scripts/ablation_table.py"


# The same comparison over all folds of a cross-validation.
use rule compare as compare_folds with:
    input:
        metrics=of_folds("evaluation/{model}/seed-{seed}/metrics.json"),
        per_user=of_folds("evaluation/{model}/seed-{seed}/per-user.parquet"),
        strata=of_folds("evaluation/{model}/seed-{seed}/strata.csv"),
    output:
        **{
            name: f"{DATASET}/folds/{name}.csv"
            for name in ("metrics", "differences", "table", "strata")
        },
        page=shown(f"{DATASET}/folds/table.html", "Cross-validation"),
    log:
        log_of("compare_folds"),
    benchmark:
        benchmark_of("compare_folds")
    message:
        "Comparing the models over all folds"


rule folds:
    input:
        report_files(),
        expand(
            f"{DATASET}/folds/table.html",
            dataset=DATA_SETS if other_folds(EXPERIMENT) else [],
        ),


rule audit:
    input:
        report_files(),
        expand(f"{DATASET}/audit/audit.csv", dataset=DATA_SETS),


rule ablation:
    input:
        report_files(),
        expand(f"{DATASET}/ablation/ablation.csv", dataset=DATA_SETS if ABLATED else []),


# Whether the engines agree; requested by `make parity`.
rule parity:
    input:
        train=f"{DATASET}/matrices/train.npz",
        test=f"{DATASET}/matrices/test.npz",
        content=f"{DATASET}/content/tfidf.npz",
        source=f"{DATASET}/data/source.json",
    output:
        f"{DATASET}/parity/parity.csv",
    log:
        log_of("parity"),
    benchmark:
        benchmark_of("parity")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("parity"),
    params:
        code=code_of("parity"),
        models=config["models"],
        training=config["training"],
        seed=config["seed"],
        seeds=config["seeds"],
    message:
        "Training every model by every engine"
    script:
        "../../scripts/parity.py"


# A rule of its own, because Snakemake deletes the outputs of a failed job, and the figures must stay.
rule check_parity:
    input:
        outcomes=f"{DATASET}/parity/parity.csv",
    output:
        f"{DATASET}/parity/agreement.txt",
    log:
        log_of("check_parity"),
    benchmark:
        benchmark_of("check_parity")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("check_parity"),
    params:
        code=code_of("check_parity"),
    message:
        "Checking that the engines agree"
    script:
        "../../scripts/check_parity.py"


rule parity_all:
    input:
        expand(f"{DATASET}/parity/agreement.txt", dataset=DATA_SETS),


# How time and memory of every rule grow with the ratings; for an experiment with several data sets.
rule scaling:
    input:
        **job_files(expand(FILES.benchmarks(), dataset=DATA_SETS)),
    output:
        rules="results/scale/rules.csv",
        page=shown("results/scale/rules.html", "Scale"),
        figure="results/scale/rules.svg",
        others=other_forms("results/scale/rules.svg"),
    log:
        log_of("scaling", "results/scale"),
    benchmark:
        benchmark_of("scaling", "results/scale")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("scaling"),
    params:
        code=code_of("scaling"),
        scale=config["scale"],
        report=config["report"],
    message:
        "Collecting time and memory of every rule by number of ratings"
    script:
        "../../scripts/scaling.py"
