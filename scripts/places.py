"""Compute the place of each rating in its user's order of time."""

from blendmf.common.files import write_sparse
from blendmf.common.job_log import job
from blendmf.data.rating_order import places_of
from blendmf.data.tables import read_table

with job(snakemake.log[0], asked=snakemake.resources):
    source, output = snakemake.input, snakemake.output
    columns = ["user_id", "item_id", "timestamp"]
    train = read_table(source.train, columns)
    index = read_table(source.user_index), read_table(source.item_index, ["item_id"])
    for part in ("train", "validation", "test"):
        write_sparse(output[part], places_of(read_table(source[part], columns), train, *index))
