"""Fail unless the engines agree; their test errors are already written."""

import pandas as pd

from blendmf.common.files import write_text
from blendmf.common.job_log import job
from blendmf.studies.engine_parity import check_parity

with job(snakemake.log[0], asked=snakemake.resources):
    table = pd.read_csv(snakemake.input.outcomes)
    write_text(snakemake.output[0], check_parity(table.to_dict("records")))
