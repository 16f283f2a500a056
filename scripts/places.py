"""Compute the place of each rating in its user's order of time."""

from blendmf.common.files import write_sparse
from blendmf.common.job_log import job
from blendmf.data.rating_order import places
from blendmf.data.tables import read_table

with job(snakemake.log[0], asked=snakemake.resources):
    source, output = snakemake.input, snakemake.output
    columns = ["user_id", "item_id", "timestamp"]
    placed = places(
        read_table(source.train, columns),
        read_table(source.validation, columns),
        read_table(source.user_index),
        read_table(source.item_index, ["item_id"]),
    )
    write_sparse(output.train, placed.train)
    write_sparse(output.validation, placed.validation)
