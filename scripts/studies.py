"""Write every search as an Optuna study, and the importance of its parameters."""

from blendmf.common.files import write_csv
from blendmf.common.job_log import job
from blendmf.config.models import model_entry
from blendmf.config.search import SearchSettings
from blendmf.search.plan import SearchPlan
from blendmf.search.study import importances, write_study
from blendmf.search.trials import read_trials

with job(snakemake.log[0], asked=snakemake.resources):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    settings = SearchSettings(**params.search)
    files_each = len(source.shards) // len(params.models)
    for place, (model, entry) in enumerate(params.models.items()):
        plan = SearchPlan.of_model(model, model_entry(entry), settings, params.seed)
        shards = source.shards[place * files_each : (place + 1) * files_each]
        trials = read_trials(shards, plan, range(settings.trials))
        write_csv(output.importances[place], importances(plan, trials))
        write_study(output.studies[place], plan, trials)
