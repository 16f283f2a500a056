"""Choose the best trial of a model's search."""

from blendmf.files import write_json, write_rows
from blendmf.log import job
from blendmf.search.plan import SearchPlan, score_name
from blendmf.search.selection import select_best, trials_table
from blendmf.search.trials import read_trials

with job(snakemake.log[0]):
    params, output, model = snakemake.params, snakemake.output, snakemake.wildcards.model
    plan = SearchPlan.of_model(model, params.model, params.training, params.search, params.seed)
    trials = read_trials(snakemake.input.shards, plan, range(plan.trials))
    epochs = (params.training | params.model.get("training", {})).get("epochs")
    score = score_name(params.model, params.evaluation)
    write_json(output.best, select_best(plan, trials, epochs, score))
    write_rows(output.trials, *trials_table(plan, trials))
