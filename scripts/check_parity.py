"""Fail unless the engines agree; their test errors are already written."""

from blendmf.common.files import read_csv, write_text
from blendmf.common.job_log import job
from blendmf.studies.engine_parity import check_parity

with job(snakemake):
    table = read_csv(snakemake.input.outcomes)
    write_text(snakemake.output[0], check_parity(table.to_dict("records")))
