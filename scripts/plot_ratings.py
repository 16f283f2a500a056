"""Draw the distribution of the ratings and the long tail of the items."""

from blendmf.common.job_log import job
from blendmf.data.tables import read_table
from blendmf.report.figures.ratings import plot_ratings
from blendmf.report.figures.style import save_figure

with job(snakemake.log[0], asked=snakemake.resources):
    source = snakemake.input
    parts = (source.train, source.validation, source.test)
    figure = plot_ratings(*(read_table(path, ["item_id", "rating"]) for path in parts))
    save_figure(snakemake.output[0], figure, "Distribution of the ratings, long tail of the items")
