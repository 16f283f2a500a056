"""Recommend unrated items to all or some users."""

import numpy as np

from blendmf.common.files import read_sparse, write_csv
from blendmf.common.job_log import job
from blendmf.common.random_streams import sample
from blendmf.common.spreadsheets import defused
from blendmf.data.matrices import index_digest
from blendmf.data.tables import read_table
from blendmf.models.model import load_model
from blendmf.recommend.top_items import recommend

with job(snakemake):
    source, settings = snakemake.input, snakemake.params.recommendations
    users = read_table(source.user_index)
    items = read_table(source.item_index, ["item_id", "title"])
    table = recommend(
        load_model(source.model, index_digest(users["user_id"], items["item_id"])),
        [read_sparse(path) for path in source.rated],
        users,
        items,
        settings["n"],
        sample(np.arange(len(users)), settings["users"], snakemake.params.seed, "recommend"),
    )
    write_csv(snakemake.output[0], defused(table))
