# How time and memory of every rule grow with the ratings: an experiment with several data sets.


rule scaling:
    input:
        library=library("scaling"),
        benchmarks=expand(MEASURED, dataset=DATA_SETS),
        logs=[log_of(path) for path in expand(MEASURED, dataset=DATA_SETS)],
    output:
        rules="results/scale/rules.csv",
        page=report(
            "results/scale/rules.html",
            caption="../report/scaling-table.rst",
            category="7 Scale",
            labels={"result": "Time and memory of every rule, table"},
        ),
    log:
        "results/scale/logs/scaling.log",
    benchmark:
        "results/scale/benchmarks/scaling.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("scaling"),
        runtime=minutes_of("scaling"),
    params:
        scale=config["scale"],
    message:
        "Collecting what every rule took by number of ratings"
    script:
        "../../scripts/scaling.py"


rule plot_scaling:
    input:
        library=library("plot_scaling"),
        rules="results/scale/rules.csv",
    output:
        report(
            "results/scale/rules.svg",
            caption="../report/scaling.rst",
            category="7 Scale",
            labels={"result": "Time and memory of every rule, drawn"},
        ),
    log:
        "results/scale/logs/plot_scaling.log",
    benchmark:
        "results/scale/benchmarks/plot_scaling.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory_of("plot_scaling"),
        runtime=minutes_of("plot_scaling"),
    message:
        "Plotting time and memory of every rule by number of ratings"
    script:
        "../../scripts/plot_scaling.py"
