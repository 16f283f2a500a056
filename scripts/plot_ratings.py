"""Draw the distribution of the ratings and the long tail of the items."""

from blendmf.data.tables import read_table
from blendmf.figures.ratings import plot_ratings
from blendmf.figures.style import save_figure
from blendmf.log import job

with job(snakemake.log[0], asked=snakemake.resources):
    source = snakemake.input
    parts = (source.train, source.validation, source.test)
    figure = plot_ratings(*(read_table(path, ["item_id", "rating"]) for path in parts))
    save_figure(snakemake.output[0], figure, "Distribution of the ratings, long tail of the items")
