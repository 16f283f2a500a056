"""Draw error and time of truncated SVD and of matrix factorisation by rank."""

import pandas as pd

from blendmf.common.job_log import job
from blendmf.report.figures.rank_sweep import plot_rank_sweep
from blendmf.report.figures.style import save_figure

with job(snakemake.log[0], asked=snakemake.resources):
    figure = plot_rank_sweep(pd.read_csv(snakemake.input.sweep))
    save_figure(snakemake.output[0], figure, "RMSE and seconds by rank, of SVD and factorisation")
