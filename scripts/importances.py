"""Compute the importance of each searched parameter."""

from blendmf.common.files import read_json, write_csv
from blendmf.common.job_log import job
from blendmf.config.models import model_entry
from blendmf.config.search import SearchSettings
from blendmf.search.plan import SearchPlan
from blendmf.search.study import importances
from blendmf.search.trials import read_trials

with job(snakemake):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    counts = read_json(source.source)["counts"]
    settings = SearchSettings(**params.search)
    files_each = len(source.shards) // len(params.models)
    for place, (model, entry) in enumerate(params.models.items()):
        limited = model_entry(entry).limited_to(counts)
        plan = SearchPlan.of_model(model, limited, settings, params.seed)
        shards = source.shards[place * files_each : (place + 1) * files_each]
        trials = read_trials(shards, plan, range(settings.trials))
        write_csv(output[place], importances(plan, trials))
