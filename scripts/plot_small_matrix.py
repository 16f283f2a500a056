"""Draw how the methods on the small matrix come near the best possible error."""

import pandas as pd

from blendmf.figures.small_matrix import plot_small_matrix
from blendmf.figures.style import save_figure
from blendmf.log import job

with job(snakemake.log[0], asked=snakemake.resources):
    source = snakemake.input
    figure = plot_small_matrix(pd.read_csv(source.curves), pd.read_csv(source.errors))
    save_figure(snakemake.output[0], figure, "Squared error on the small matrix by iteration")
