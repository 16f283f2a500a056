"""Read the raw files into validated canonical tables."""

from pathlib import Path

from blendmf.common.files import write_json
from blendmf.common.job_log import job
from blendmf.config.dataset import DatasetSettings
from blendmf.data.tables import write_table
from blendmf.ingest.import_tables import import_tables

with job(snakemake):
    output = snakemake.output
    tables = import_tables(Path(snakemake.input.raw), DatasetSettings(**snakemake.params.dataset))
    write_table(output.ratings_table, tables.ratings)
    write_table(output.items_table, tables.items)
    write_table(output.tags_table, tables.tags)
    write_table(output.users_table, tables.users)
    write_json(output.source, tables.source)
