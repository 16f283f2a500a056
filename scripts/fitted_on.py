"""Audit which part of the ratings every statistic was fitted on."""

from blendmf.audits.fitted_on import MODEL_ARRAYS, PARTS, ModelFile, Stored, fitted_on
from blendmf.common.files import (
    place_in_results,
    read_arrays,
    read_json,
    read_sparse,
    write_csv,
)
from blendmf.common.job_log import job
from blendmf.config.models import model_entry
from blendmf.config.protocol import ContentSettings
from blendmf.data.tables import RATINGS_COLUMNS, read_table

FILES = ("user_index", "item_index", "train_matrix", "times", "facts", "vocabulary", "tfidf")

with job(snakemake):
    source, params = snakemake.input, snakemake.params
    stored = Stored(
        user_ids=read_table(source.user_index)["user_id"],
        items=read_table(source.item_index),
        train=read_sparse(source.train_matrix),
        times=read_arrays(source.times),
        tfidf=read_sparse(source.tfidf),
        vocabulary=read_table(source.vocabulary),
        content=read_json(source.facts),
        models=[
            ModelFile(
                place_in_results(path),
                model_entry(read_json(fit)["settings"]),
                read_arrays(path, MODEL_ARRAYS),
            )
            for path, fit in zip(source.models, source.fits, strict=True)
        ],
        paths={name: place_in_results(source[name]) for name in FILES},
    )
    table, _ = fitted_on(
        {part: read_table(source[part], RATINGS_COLUMNS) for part in PARTS},
        read_table(source.items_table),
        read_table(source.tags),
        stored,
        ContentSettings(**params.content),
        params.seed,
    )
    write_csv(snakemake.output[0], table)
