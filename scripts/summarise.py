"""Write the outcome of the run in words."""

from blendmf.common.files import read_csv, read_json, write_json, write_text
from blendmf.common.job_log import job
from blendmf.config.models import model_entry
from blendmf.config.protocol import ContentSettings, EvaluationSettings
from blendmf.report.outcome.results import Results, r_hats, validated
from blendmf.report.summary import brief, summarise

with job(snakemake):
    source, params = snakemake.input, snakemake.params
    best = [read_json(path) for path in source.best]
    fits = list(zip(params.fitted, map(read_json, source.fits), strict=True))
    tables = ("table", "metrics", "differences", "strata", "rank_sweep", "fitted_on")
    results = Results(
        **{name: read_csv(source[name], dtype={"bin": str}) for name in tables},
        **{name: read_json(source[name]) for name in ("source", "text", "split", "leakage")},
        lists=read_json(source.evaluation)["rated"],
        best=best,
        models={name: model_entry(values) for name, values in params.models.items()},
        content=ContentSettings(**params.content),
        evaluation=EvaluationSettings(**params.evaluation),
        published=params.published,
        validated=validated(best, fits),
        r_hats=r_hats(fits),
    )
    name = snakemake.wildcards.dataset
    write_text(snakemake.output.outcome, summarise(results, name))
    write_json(snakemake.output.brief, brief(results, name))
