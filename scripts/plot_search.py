"""Draw what the search tried and which parameters mattered."""

import pandas as pd

from blendmf.common.files import read_json
from blendmf.common.job_log import job
from blendmf.report.figures.search import plot_search
from blendmf.report.figures.style import save_figure
from blendmf.search.space import search_space

with job(snakemake.log[0], asked=snakemake.resources):
    source, models = snakemake.input, snakemake.params.models
    best = [read_json(path) for path in source.best]
    shared = snakemake.params.search["space"]
    figure = plot_search(
        [pd.read_csv(path) for path in source.trials],
        [pd.read_csv(path) for path in source.importances],
        list(models),
        [search_space(entry, shared) for entry in models.values()],
        [found["score"] for found in best],
        [found["number"] for found in best],
    )
    save_figure(snakemake.output[0], figure, "Trials of the search, importance of its parameters")
