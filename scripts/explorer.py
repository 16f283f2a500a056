"""Write the explorer: users, items, predictions and their reasons, as data and as a page."""

import json

import numpy as np
import pandas as pd

from blendmf.common.files import read_csv, read_json, read_sparse, write_text
from blendmf.common.job_log import job
from blendmf.config.experiment import ExplorerSettings
from blendmf.data.matrices import index_digest
from blendmf.data.tables import read_column, read_table
from blendmf.recommend.explorer import ExplorerRun, explorer, shown_of
from blendmf.recommend.explorer_files import explorer_models, item_ratings
from blendmf.report.pages.explorer import explorer_page

with job(snakemake):
    source, params = snakemake.input, snakemake.params
    facts = read_json(source.source)
    low, high = facts["rating_range"]
    users, items = read_table(source.user_index), read_table(source.item_index)
    words = read_sparse(source.content)
    of_items = item_ratings(
        pd.Index(items["item_id"]),
        *(read_column(source.ratings, column) for column in ("item_id", "rating")),
    )
    models = explorer_models(
        read_csv(source.table),
        params.models,
        final=list(zip(source.final, source.fits, strict=True)),
        evaluated=dict(zip(params.models, source.evaluated, strict=True)),
        index=index_digest(users["user_id"], items["item_id"]),
        words=words,
        rating_deviation=float(read_column(source.ratings, "rating").std(ddof=0)),
    )
    run = ExplorerRun(
        snakemake.wildcards.dataset,
        (low, high),
        users,
        items,
        of_items,
        words,
        read_table(source.vocabulary),
        models,
    )
    shown = shown_of(run, ExplorerSettings(**params.explorer), params.seed)
    columns = ["user_id", "item_id", "rating", "timestamp"]
    ids = np.asarray(users["user_id"])[shown.users]
    parts = {
        part: read_table(source[part], columns, of_users=ids)
        for part in ("train", "validation", "test")
    }
    data = explorer(run, shown, parts, params.n)
    text = json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    write_text(snakemake.output.data, text + "\n")
    links = {"All data sets": "../../index.html", "Report": "../report.html"}
    write_text(snakemake.output.page, explorer_page(data, links))
