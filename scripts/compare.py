"""Compare all models: metrics with intervals, paired differences, headline table, strata."""

from blendmf.common.files import read_csv, read_json, write_csv, write_text
from blendmf.common.job_log import job
from blendmf.data.tables import read_table
from blendmf.evaluation.compare import Run, compare
from blendmf.evaluation.differences import group_differences
from blendmf.report.pages.study import study_page
from blendmf.report.pages.tables import shown_table

with job(snakemake):
    source, output = snakemake.input, snakemake.output
    runs = []
    paths = zip(source.metrics, source.per_user, source.strata, strict=True)
    for metrics_path, per_user_path, strata_path in paths:
        metrics = read_json(metrics_path)
        strata = read_csv(strata_path, dtype={"bin": str, "upper": "Int64"})
        runs.append(
            Run(metrics["model"], metrics["seed"], metrics, read_table(per_user_path), strata)
        )
    resamples = snakemake.params.evaluation["bootstrap_resamples"]
    comparison = compare(runs, resamples, snakemake.params.seed)
    for name in ("metrics", "differences", "table", "strata"):
        write_csv(output[name], getattr(comparison, name))
    if path := output.get("groups"):
        tables, models = [run.per_user for run in runs], [run.model for run in runs]
        groups = group_differences(tables, models, resamples, snakemake.params.seed)
        write_csv(path, groups)
    if page := output.get("page"):
        k = snakemake.params.evaluation["k"]
        shown = shown_table(comparison.table, "One row per model", file=output.table, k=k)
        write_text(page, study_page("All models over all folds", shown, text="folds-table"))
