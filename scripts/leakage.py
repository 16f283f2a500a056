"""Audit the split for future information in the training part."""

from blendmf.audits.leakage import MOMENTS, leakage
from blendmf.common.files import write_json
from blendmf.common.job_log import job
from blendmf.data.tables import read_blocks, read_table

with job(snakemake):
    source = snakemake.input
    parts = (source.train, source.validation, source.test)
    blocks = (read_blocks(path, MOMENTS) for path in parts)
    write_json(snakemake.output[0], leakage(*blocks, read_table(source.tags, MOMENTS)))
