"""Draw all models side by side with their intervals."""

import pandas as pd

from blendmf.common.job_log import job
from blendmf.report.figures.comparison import headline_panels, plot_comparison
from blendmf.report.figures.style import save_figure

with job(snakemake.log[0], asked=snakemake.resources):
    panels = headline_panels(snakemake.params.evaluation["k"])
    kinds = {name: entry["kind"] for name, entry in snakemake.params.models.items()}
    figure = plot_comparison(pd.read_csv(snakemake.input.metrics), kinds, panels)
    save_figure(snakemake.output[0], figure, "Models compared on five metrics, with 95 % intervals")
