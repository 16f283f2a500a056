"""Turn the items' text into TF-IDF rows."""

from blendmf.common.files import write_json, write_sparse
from blendmf.common.job_log import job
from blendmf.config.protocol import ContentSettings
from blendmf.data.content import content
from blendmf.data.tables import read_table, write_table

with job(snakemake.log[0], asked=snakemake.resources):
    source, output = snakemake.input, snakemake.output
    items, tags = read_table(source.item_index), read_table(source.tags)
    # Only ratings by authors of tags matter here.
    columns = ["user_id", "item_id", "timestamp"]
    train = read_table(source.train, columns, of_users=tags["user_id"].unique())
    built = content(
        items, tags, train, ContentSettings(**snakemake.params.content), snakemake.params.seed
    )
    write_sparse(output.tfidf, built.tfidf)
    write_table(output.vocabulary, built.vocabulary)
    write_json(output.facts, built.facts)
