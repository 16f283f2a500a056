"""Draw time and memory of every rule by number of ratings."""

import pandas as pd

from blendmf.common.job_log import job
from blendmf.report.figures.scaling import plot_scaling
from blendmf.report.figures.style import save_figure

with job(snakemake.log[0], asked=snakemake.resources):
    figure = plot_scaling(pd.read_csv(snakemake.input.rules, keep_default_na=False, na_values=""))
    save_figure(snakemake.output[0], figure, "Seconds and memory of each rule by ratings")
