"""Draw all figures of a data set."""

import pandas as pd

from blendmf.common.files import read_json
from blendmf.common.job_log import job
from blendmf.config.models import model_entry
from blendmf.data.tables import read_table
from blendmf.report.figure_files import save_figure
from blendmf.report.figures.comparison import plot_comparison, plot_differences
from blendmf.report.figures.learning_curves import plot_learning_curves
from blendmf.report.figures.rank_sweep import plot_rank_sweep
from blendmf.report.figures.ratings import plot_ratings
from blendmf.report.figures.search import ModelSearch, plot_search
from blendmf.report.figures.strata import plot_cold_start, plot_strata
from blendmf.report.outcome.results import reference_model, validated
from blendmf.search.space import search_space

with job(snakemake.log[0], asked=snakemake.resources):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    models = {name: model_entry(values) for name, values in params.models.items()}
    kinds = {name: entry.kind for name, entry in models.items()}
    k = params.evaluation["k"]
    strata = pd.read_csv(source.strata, dtype={"bin": str})

    parts = (source.train, source.validation, source.test)
    figure = plot_ratings(*(read_table(path, ["item_id", "rating"]) for path in parts))
    save_figure(output.ratings, figure, "Distribution of the ratings, long tail of the items")

    figure = plot_learning_curves(
        [pd.read_csv(path) for path in source.histories],
        [model for model, _ in params.histories],
        [seed for _, seed in params.histories],
    )
    title = "Training and validation RMSE by epoch of each model"
    save_figure(output.learning_curves, figure, title)

    best = [read_json(path) for path in source.best]
    if best:
        searches = [
            ModelSearch(
                found["model"],
                found["score"],
                found["number"],
                pd.read_csv(trials),
                pd.read_csv(importances),
                search_space(models[found["model"]]),
            )
            for found, trials, importances in zip(
                best, source.trials, source.importances, strict=True
            )
        ]
        title = "Trials of the search, importance of its parameters"
        save_figure(output.search, plot_search(searches), title)

    figure = plot_rank_sweep(pd.read_csv(source.rank_sweep))
    save_figure(output.rank_sweep, figure, "RMSE and seconds by rank, of SVD and factorisation")

    figure = plot_comparison(pd.read_csv(source.metrics), kinds, k)
    save_figure(output.comparison, figure, "Models compared on five metrics, with 95 % intervals")

    rmse = pd.read_csv(source.table).set_index("model")["rmse"].dropna()
    fits = zip(params.fitted, map(read_json, source.fits), strict=True)
    reference = reference_model(rmse, models, validated(best, fits))
    differences = pd.read_csv(source.differences)
    figure = plot_differences(differences, kinds, reference, k)
    title = f"Differences of all models from {reference} on three metrics, with 95 % intervals"
    save_figure(output.differences, figure, title)

    title = "Test RMSE of each model by the number of training ratings of the item"
    save_figure(output.cold_start, plot_cold_start(strata, kinds), title)

    title = "Test RMSE and NDCG of each model by user history and by year of the rating"
    save_figure(output.strata, plot_strata(strata, kinds, k), title)
