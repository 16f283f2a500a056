# The experiment with one thing changed: other protocols, and content taken away. No targets of
# `rule all`; `make audit` and `make ablation` ask for them.


rule audit_table:
    input:
        library=library("audit_table"),
        metrics=in_each_audited("comparison/metrics.csv"),
        differences=in_each_audited("comparison/differences.csv"),
        split=in_each_audited("split/split.json"),
        leakage=in_each_audited("split/leakage.json"),
        content=in_each_audited("content/content.json"),
        per_user=per_user_on_same_test,
    output:
        table="results/{dataset}/audit/audit.csv",
        page=report(
            "results/{dataset}/audit/audit.html",
            caption="../report/audit-table.rst",
            category="7 Audit of the protocol",
            labels={"result": "The same models under several protocols"},
        ),
        figure=report(
            "results/{dataset}/audit/audit.svg",
            caption="../report/audit.rst",
            category="7 Audit of the protocol",
            labels={"result": "The same, drawn"},
        ),
    log:
        "results/{dataset}/logs/audit_table.log",
    benchmark:
        "results/{dataset}/benchmarks/audit_table.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("audit_table"),
        runtime=minutes_of("audit_table"),
    params:
        arms=[AS_CONFIGURED, *AUDITED],
        fits=fits_on_same_test,
        blended=config["ablation"]["model"],
        plain=config["svd"]["compared_with"],
        evaluation=config["evaluation"],
        seed=config["seed"],
    message:
        "Setting the experiment under several protocols side by side"
    script:
        "../../scripts/audit_table.py"


rule ablation_table:
    input:
        library=library("ablation_table"),
        per_user=per_user_of_ablated,
        content="results/{dataset}/content/content.json",
    output:
        table="results/{dataset}/ablation/ablation.csv",
        placebos="results/{dataset}/ablation/placebos.json",
        page=report(
            "results/{dataset}/ablation/ablation.html",
            caption="../report/ablation-table.rst",
            category="8 Ablation of the content",
            labels={"result": "Content taken away, and placebos"},
        ),
        figure=report(
            "results/{dataset}/ablation/ablation.svg",
            caption="../report/ablation.rst",
            category="8 Ablation of the content",
            labels={"result": "The same, drawn"},
        ),
    log:
        "results/{dataset}/logs/ablation_table.log",
    benchmark:
        "results/{dataset}/benchmarks/ablation_table.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("ablation_table"),
        runtime=minutes_of("ablation_table"),
    params:
        arms=ABLATED,
        arms_of_fits=ablated_fits,
        evaluation=config["evaluation"],
        seed=config["seed"],
    message:
        "Comparing the model with its ablations and placebos"
    script:
        "../../scripts/ablation_table.py"


rule audit:
    input:
        report_files(),
        expand(f"{DATASET}/audit/audit.csv", dataset=DATA_SETS),


rule ablation:
    input:
        report_files(),
        expand(f"{DATASET}/ablation/ablation.csv", dataset=DATA_SETS if ABLATED else []),
