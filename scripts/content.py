"""Turn the items' text into TF-IDF rows."""

from blendmf.data.content import content
from blendmf.data.tables import read_table, write_table
from blendmf.files import write_json, write_sparse
from blendmf.log import job

with job(snakemake.log[0]):
    source, output = snakemake.input, snakemake.output
    tables = (read_table(path) for path in (source.item_index, source.tags, source.train))
    built = content(*tables, snakemake.params.content)
    write_sparse(output.tfidf, built.tfidf)
    write_table(output.vocabulary, built.vocabulary)
    write_json(output.facts, built.facts)
