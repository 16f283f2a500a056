"""Divide the ratings into training, validation and test part."""

from blendmf.common.files import write_json
from blendmf.common.job_log import job
from blendmf.data.splits import split
from blendmf.data.tables import read_table, write_table

with job(snakemake.log[0], asked=snakemake.resources):
    ratings = read_table(snakemake.input.ratings)
    parts = split(ratings, snakemake.params.split, snakemake.params.seed)
    write_table(snakemake.output.train, parts.train)
    write_table(snakemake.output.validation, parts.validation)
    write_table(snakemake.output.test, parts.test)
    write_json(snakemake.output.facts, parts.facts)
