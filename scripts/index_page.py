"""Write the index of all data sets that have a report."""

from pathlib import Path

from blendmf.common.files import write_text
from blendmf.common.job_log import job
from blendmf.report.pages.index import index_page

with job(snakemake):
    output = Path(snakemake.output[0])
    write_text(output, index_page(output.parent))
