"""Set the trials of each search as a page of the report."""

import pandas as pd

from blendmf.common.files import read_json, write_text
from blendmf.common.job_log import job
from blendmf.report.html_pages import table_page

with job(snakemake.log[0], asked=snakemake.resources):
    source = snakemake.input
    for path, best, page in zip(source.trials, source.best, snakemake.output, strict=True):
        found = read_json(best)
        title, note = f"Trials of {found['model']}", f"value: {found['score']}."
        write_text(page, table_page(pd.read_csv(path), title, file=path, note=note))
