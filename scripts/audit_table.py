"""Write the protocol audit as a table, a figure and a page."""

from functools import partial

from blendmf.common.files import read_csv, read_json, read_text, write_csv, write_text
from blendmf.common.job_log import job
from blendmf.data.tables import read_table
from blendmf.report.figure_files import write_figure
from blendmf.report.figures.audit import plot_audit
from blendmf.report.pages.study import study_page
from blendmf.report.pages.tables import shown_table
from blendmf.studies.protocol_audit import AuditedVariant, audit, audit_findings

COLUMNS = ["user_id", "n_ratings", "squared_error"]

with job(snakemake):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    per_user = {name: {} for name in params.variants}
    for fit, path in zip(params.fits, source.per_user, strict=True):
        per_user[fit["variant"]].setdefault(fit["model"], []).append(read_table(path, COLUMNS))
    variants = [
        AuditedVariant(
            name,
            read_csv(source.metrics[place]),
            read_csv(source.differences[place]),
            read_json(source.split[place]),
            read_json(source.leakage[place]),
            read_json(source.content[place]),
            per_user[name],
        )
        for place, name in enumerate(params.variants)
    ]
    compared = (params.blended, params.plain)
    table = audit(variants, *compared, params.evaluation["bootstrap_resamples"], params.seed)
    write_csv(output.table, table)
    title = "The same models under several protocols"
    findings = audit_findings(table, *compared)
    figure = partial(plot_audit, table, *compared)
    text = " ".join([f"{title}.", *findings[:2]])
    write_figure(output.figure, figure, text, params.report["figures"])
    shown = shown_table(table, title, file=output.table, k=params.evaluation["k"])
    page = study_page(
        title,
        shown,
        text="audit-table",
        findings=findings,
        drawing=read_text(output.figure),
        drawing_text="audit",
    )
    write_text(output.page, page)
