"""Draw what the search tried and which parameters mattered."""

import pandas as pd

from blendmf.figures.search import plot_search
from blendmf.figures.style import save_figure
from blendmf.log import job
from blendmf.search.space import search_space

with job(snakemake.log[0]):
    source, models = snakemake.input, snakemake.params.models
    shared = snakemake.params.search["space"]
    figure = plot_search(
        [pd.read_csv(path) for path in source.trials],
        [pd.read_csv(path) for path in source.importances],
        list(models),
        [search_space(entry, shared) for entry in models.values()],
    )
    save_figure(snakemake.output[0], figure, "Trials of the search, importance of its parameters")
