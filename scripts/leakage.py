"""Audit a split for knowledge of the future."""

from blendmf.data.tables import read_table
from blendmf.evaluation.leakage import leakage
from blendmf.files import write_json
from blendmf.log import job

with job(snakemake.log[0]):
    source = snakemake.input
    columns = ["user_id", "item_id", "timestamp"]
    tables = (source.train, source.validation, source.test, source.tags)
    write_json(snakemake.output[0], leakage(*(read_table(path, columns) for path in tables)))
