"""Draw how the methods on the small matrix come near the best possible error."""

import pandas as pd

from blendmf.common.job_log import job
from blendmf.report.figures.small_matrix import plot_small_matrix
from blendmf.report.figures.style import save_figure

with job(snakemake.log[0], asked=snakemake.resources):
    source = snakemake.input
    figure = plot_small_matrix(pd.read_csv(source.curves), pd.read_csv(source.errors))
    save_figure(snakemake.output[0], figure, "Squared error on the small matrix by iteration")
