"""Recommend unseen items to every user."""

from blendmf.data.tables import read_table
from blendmf.files import read_sparse, write_csv
from blendmf.log import job
from blendmf.models.model import load_model
from blendmf.recommend import recommend

with job(snakemake.log[0]):
    source = snakemake.input
    table = recommend(
        load_model(source.model),
        read_sparse(source.train),
        read_sparse(source.validation),
        read_table(source.user_index),
        read_table(source.item_index, ["item_id", "title"]),
        snakemake.params.recommendations["n"],
    )
    write_csv(snakemake.output[0], table)
