"""Draw the error by how often an item was rated in training."""

import pandas as pd

from blendmf.figures.item_popularity import plot_item_popularity
from blendmf.figures.style import save_figure
from blendmf.log import job

with job(snakemake.log[0]):
    figure = plot_item_popularity(pd.read_csv(snakemake.input.strata, dtype={"bin": str}))
    save_figure(snakemake.output[0], figure, "Test RMSE of each model by popularity of the item")
