# Audits of the split, scores of every fit on the test part, and their comparison.


rule leakage:
    input:
        **each_part("split/*.parquet", found),
        tags=found("data/tags.parquet"),
    output:
        f"{DATASET}/split/leakage.json",
    log:
        log_of("leakage"),
    benchmark:
        benchmark_of("leakage")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("leakage"),
    params:
        code=code_of("leakage"),
    message:
        "Auditing what the training part knows of the future"
    script:
        "../../scripts/leakage.py"


rule fitted_on:
    input:
        **each_part("split/*.parquet", found),
        items_table=found("data/items.parquet"),
        tags=found("data/tags.parquet"),
        user_index=found("matrices/users.parquet"),
        item_index=found("matrices/items.parquet"),
        train_matrix=found("matrices/train.npz"),
        tfidf=found("content/tfidf.npz"),
        vocabulary=found("content/vocabulary.parquet"),
        facts=found("content/content.json"),
        times=found("matrices/times.npz"),
        models=fits_of_variant("models/{model}/seed-1/model.npz"),
        fits=fits_of_variant("models/{model}/seed-1/fit.json"),
    output:
        f"{DATASET}/split/fitted-on.csv",
    log:
        log_of("fitted_on"),
    benchmark:
        benchmark_of("fitted_on")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("fitted_on"),
    params:
        code=code_of("fitted_on"),
        content=settings_of("content"),
        seed=config["seed"],
    message:
        "Auditing which part each statistic was fitted on"
    script:
        "../../scripts/fitted_on.py"


rule evaluate:
    input:
        **each_part("matrices/*.npz", found),
        models=models_evaluated,
        times=found("matrices/times.npz"),
        user_index=found("matrices/users.parquet"),
        item_index=found("matrices/items.parquet"),
        source=found("data/source.json"),
    output:
        **evaluated([1]),
    log:
        log_of("evaluate/{model}"),
    benchmark:
        benchmark_of("evaluate/{model}")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("evaluate"),
    params:
        code=code_of("evaluate"),
        evaluation=config["evaluation"],
        seed=config["seed"],
    message:
        "Evaluating {wildcards.model}"
    script:
        "../../scripts/evaluate.py"


use rule evaluate as evaluate_seeds with:
    output:
        **evaluated(list(range(1, EXPERIMENT.seeds + 1))),
    wildcard_constraints:
        model="|".join(map(re.escape, STOCHASTIC)) or "(?!)",


ruleorder: evaluate_seeds > evaluate


rule compare:
    input:
        metrics=fits_of_variant("evaluation/{model}/seed-{seed}/metrics.json"),
        per_user=fits_of_variant("evaluation/{model}/seed-{seed}/per-user.parquet"),
        strata=fits_of_variant("evaluation/{model}/seed-{seed}/strata.csv"),
    output:
        **COMPARISON,
    log:
        log_of("compare"),
    benchmark:
        benchmark_of("compare")
    conda:
        "../../environment.yml"
    resources:
        **resources_of("compare"),
    params:
        code=code_of("compare"),
        evaluation=config["evaluation"],
        seed=config["seed"],
    message:
        "Comparing the models"
    script:
        "../../scripts/compare.py"
