"""Draw training and validation error by epoch."""

import pandas as pd

from blendmf.common.job_log import job
from blendmf.report.figures.learning_curves import plot_learning_curves
from blendmf.report.figures.style import save_figure

with job(snakemake.log[0], asked=snakemake.resources):
    histories = [pd.read_csv(path) for path in snakemake.input.histories]
    figure = plot_learning_curves(histories, snakemake.params.models, snakemake.params.seeds)
    save_figure(snakemake.output[0], figure, "Training and validation RMSE by epoch of each model")
