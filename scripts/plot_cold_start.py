"""Draw the error by the number of training ratings of the item."""

import pandas as pd

from blendmf.common.job_log import job
from blendmf.report.figures.cold_start import plot_cold_start
from blendmf.report.figures.style import save_figure

with job(snakemake.log[0], asked=snakemake.resources):
    kinds = {name: entry["kind"] for name, entry in snakemake.params.models.items()}
    figure = plot_cold_start(pd.read_csv(snakemake.input.strata, dtype={"bin": str}), kinds)
    title = "Test RMSE of each model by the number of training ratings of the item"
    save_figure(snakemake.output[0], figure, title)
