"""Recommend unrated items to all or some users; the page shows the first users' lists."""

import numpy as np

from blendmf.common.files import read_json, read_sparse, write_csv, write_text
from blendmf.common.job_log import job
from blendmf.common.random_streams import sample
from blendmf.data.tables import read_table
from blendmf.models.model import load_model
from blendmf.recommend.top_items import recommend
from blendmf.report.html_pages import table_page

USERS_SHOWN = 20

with job(snakemake.log[0], asked=snakemake.resources):
    source, output, settings = snakemake.input, snakemake.output, snakemake.params.recommendations
    users = read_table(source.user_index)
    table = recommend(
        load_model(source.model),
        [read_sparse(path) for path in source.rated],
        users,
        read_table(source.item_index, ["item_id", "title"]),
        settings["n"],
        sample(np.arange(len(users)), settings["users"], snakemake.params.seed, "recommend"),
    )
    write_csv(output.recommendations, table)
    of_first_users = table["user_id"].isin(table["user_id"].unique()[:USERS_SHOWN])
    title = f"Best unrated items of every user, by {read_json(source.fit)['model']}"
    write_text(
        output.page,
        table_page(table, title, file=output.recommendations, rows=int(of_first_users.sum())),
    )
