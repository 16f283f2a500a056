"""Draw errors and lists by user history and by year."""

import pandas as pd

from blendmf.common.job_log import job
from blendmf.report.figures.strata import plot_strata
from blendmf.report.figures.style import save_figure

with job(snakemake.log[0], asked=snakemake.resources):
    params = snakemake.params
    strata = pd.read_csv(snakemake.input.strata, dtype={"bin": str})
    kinds = {name: entry["kind"] for name, entry in params.models.items()}
    figure = plot_strata(strata, kinds, params.evaluation["k"])
    title = "Test RMSE and NDCG of each model by user history and by year of the rating"
    save_figure(snakemake.output[0], figure, title)
