"""Recommend unseen items to every user, and show the first users' lists as a page."""

from blendmf.data.tables import read_table
from blendmf.files import read_sparse, write_csv, write_text
from blendmf.log import job
from blendmf.models.model import load_model
from blendmf.pages import table_page
from blendmf.recommend import recommend

USERS_SHOWN = 20

with job(snakemake.log[0]):
    source, output = snakemake.input, snakemake.output
    table = recommend(
        load_model(source.model),
        read_sparse(source.train),
        read_sparse(source.validation),
        read_table(source.user_index),
        read_table(source.item_index, ["item_id", "title"]),
        snakemake.params.recommendations["n"],
    )
    write_csv(output.recommendations, table)
    of_first_users = table["user_id"].isin(table["user_id"].unique()[:USERS_SHOWN])
    title = f"Best unseen items of every user, by {snakemake.wildcards.model}"
    write_text(
        output.page,
        table_page(table, title, file=output.recommendations, rows=int(of_first_users.sum())),
    )
