"""Draw all figures of a data set."""

from functools import partial
from pkgutil import resolve_name

from blendmf.common.files import read_csv, read_json
from blendmf.common.job_log import job
from blendmf.config.models import model_entry
from blendmf.data.tables import read_table
from blendmf.report.charts.learning_curves import learning_curves
from blendmf.report.charts.search import ModelSearch, search_history
from blendmf.report.figure_files import write_chart, write_figure
from blendmf.report.figures.of_run import RunFigure, RunTables
from blendmf.report.figures.registry import FIGURES
from blendmf.report.outcome.results import BLENDED, best_of_kind, reference_model, validated
from blendmf.search.space import search_space

with job(snakemake):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    models = {name: model_entry(values) for name, values in params.models.items()}
    kinds = {name: entry.kind for name, entry in models.items()}
    k = params.evaluation["k"]
    formats = params.report["figures"]
    best = [read_json(path) for path in source.best]
    tables = ("metrics", "differences", "table", "rank_sweep")
    metrics, differences, table, rank_sweep = (read_csv(source[name]) for name in tables)
    strata = read_csv(source.strata, dtype={"bin": str})

    chart = partial(
        learning_curves,
        [read_csv(path) for path in source.histories],
        [model for model, _ in params.histories],
        [seed for _, seed in params.histories],
    )
    write_chart(output.learning_curves, chart, formats)

    if best:
        searches = [
            ModelSearch(
                found["model"],
                found["score"],
                found["number"],
                read_csv(trials),
                read_csv(importances),
                search_space(models[found["model"]]),
            )
            for found, trials, importances in zip(
                best, source.trials, source.importances, strict=True
            )
        ]
        write_chart(output.search, partial(search_history, searches), formats)

    paths = (source.train, source.validation, source.test)
    parts = tuple(read_table(path, ["item_id", "rating"]) for path in paths)
    rmse = table.set_index("model")["rmse"].dropna()
    fits = zip(params.fitted, map(read_json, source.fits), strict=True)
    validation = validated(best, fits)
    reference = reference_model(rmse, models, validation)
    blended = best_of_kind(BLENDED, rmse, models, validation)
    run = RunTables(
        parts, metrics, differences, table, strata, rank_sweep, kinds, reference, blended, k
    )
    for path, name in zip(output.figures, FIGURES.values(), strict=True):
        figure: RunFigure = resolve_name(name)
        write_figure(path, partial(figure.draw, run), figure.text(run), formats)
