"""Divide the ratings into training, validation and test part."""

from blendmf.common.files import read_json, write_json
from blendmf.common.job_log import job
from blendmf.data.splits import split
from blendmf.data.tables import read_table, write_table

with job(snakemake):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    files = read_json(source.source)["ratings_files"]
    parts = split(read_table(source.ratings), **params.split, files=files, seed=params.seed)
    write_table(output.train, parts.train)
    write_table(output.validation, parts.validation)
    write_table(output.test, parts.test)
    write_json(output.facts, parts.facts)
