"""Write the outcome of the run in words, and its figures."""

from pathlib import Path

import pandas as pd

from blendmf.common.files import read_json, write_json, write_text
from blendmf.common.job_log import job
from blendmf.config.models import model_entry
from blendmf.config.protocol import ContentSettings, EvaluationSettings
from blendmf.report.html_pages import inline_figures
from blendmf.report.outcome.results import Results, validated
from blendmf.report.summary import brief, summarise

with job(snakemake.log[0], asked=snakemake.resources):
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    best = [read_json(path) for path in source.best]
    fits = zip(params.fitted, map(read_json, source.fits), strict=True)
    tables = ("table", "metrics", "differences", "strata", "rank_sweep", "fitted_on")
    results = Results(
        **{name: pd.read_csv(source[name], dtype={"bin": str}) for name in tables},
        **{name: read_json(source[name]) for name in ("source", "text", "split", "leakage")},
        lists=read_json(source.evaluation)["rated"],
        best=best,
        models={name: model_entry(values) for name, values in params.models.items()},
        content=ContentSettings(**params.content),
        evaluation=EvaluationSettings(**params.evaluation),
        published=params.published,
        validated=validated(best, fits),
    )
    figures = {
        source.differences_figure: "Each model's difference from the plain factorisation, with the "
        "95 % interval over users. Filled: the difference holds after correction for all pairs.",
        source.cold_start_figure: "Error by the number of training ratings of the item. On "
        "the left are items with few training ratings, where content should help most.",
    }
    svgs = [(Path(path).read_text(encoding="utf-8"), text) for path, text in figures.items()]
    write_text(output.figures, inline_figures(svgs))
    outcome = summarise(results, snakemake.wildcards.dataset, Path(output.figures).name)
    write_text(output.outcome, outcome)
    write_json(output.brief, brief(results, snakemake.wildcards.dataset))
