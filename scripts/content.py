"""Turn the items' text into TF-IDF rows."""

from blendmf.common.files import write_json, write_sparse
from blendmf.common.job_log import job
from blendmf.data.content import content
from blendmf.data.tables import read_table, write_table

with job(snakemake):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    items, tags = read_table(source.item_index), read_table(source.tags)
    # Only ratings by authors of tags matter here.
    columns = ["user_id", "item_id", "timestamp"]
    train = read_table(source.train, columns, of_users=tags["user_id"].unique())
    built = content(items, tags, train, **params.content, seed=params.seed)
    write_sparse(output.tfidf, built.tfidf)
    write_table(output.vocabulary, built.vocabulary)
    write_json(output.facts, built.facts)
