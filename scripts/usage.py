"""Compare the requested with the used memory and time of every rule."""

from pathlib import Path

from blendmf.common.files import write_csv, write_text
from blendmf.common.job_log import job
from blendmf.report.html_pages import table_page
from blendmf.resources.usage import usage

with job(snakemake.log[0], asked=snakemake.resources):
    params, output = snakemake.params, snakemake.output
    table = usage(zip(map(Path, params.benchmarks), map(Path, params.logs), strict=True))
    write_csv(output.table, table)
    title = "Memory and time of every rule, asked for and used"
    write_text(output.page, table_page(table, title, file=output.table))
