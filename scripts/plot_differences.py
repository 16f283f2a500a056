"""Draw how far every model is from the best plain factorisation."""

import pandas as pd

from blendmf.common.files import read_json
from blendmf.common.job_log import job
from blendmf.report.figures.differences import difference_panels, plot_differences
from blendmf.report.figures.style import save_figure
from blendmf.report.outcome.reference import reference_model, validated

with job(snakemake.log[0], asked=snakemake.resources):
    source, params = snakemake.input, snakemake.params
    table = pd.read_csv(source.table)
    rmse = table.set_index("model")["rmse"].dropna()
    best = [read_json(path) for path in source.best]
    fits = zip(params.fitted, map(read_json, source.fits), strict=True)
    reference = reference_model(rmse, params.models, validated(best, fits))
    panels = difference_panels(params.evaluation["k"])
    kinds = {name: entry["kind"] for name, entry in params.models.items()}
    figure = plot_differences(pd.read_csv(source.differences), kinds, reference, panels)
    title = f"Differences of all models from {reference} on three metrics, with 95 % intervals"
    save_figure(snakemake.output[0], figure, title)
