"""Hand every search to Optuna: a study to look at, and which parameters mattered."""

from blendmf.common.files import write_csv
from blendmf.common.job_log import job
from blendmf.search.importances import importances
from blendmf.search.plan import SearchPlan
from blendmf.search.study import write_study
from blendmf.search.trials import read_trials

with job(snakemake.log[0], asked=snakemake.resources):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    files_each = len(source.shards) // len(params.models)
    for place, (model, entry) in enumerate(params.models.items()):
        plan = SearchPlan.of_model(model, entry, params.training, params.search, params.seed)
        shards = source.shards[place * files_each : (place + 1) * files_each]
        trials = read_trials(shards, plan, range(plan.trials))
        write_csv(output.importances[place], importances(plan, trials))
        write_study(output.studies[place], plan, trials)
