"""Choose the best trial of a model's search."""

from blendmf.common.files import write_json, write_rows
from blendmf.common.job_log import job
from blendmf.search.plan import SearchPlan, score_name
from blendmf.search.refits import read_refits
from blendmf.search.selection import select_best, trials_table
from blendmf.search.trials import read_trials

with job(snakemake.log[0], asked=snakemake.resources):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    plan = SearchPlan.of_model(
        snakemake.wildcards.model, params.model, params.training, params.search, params.seed
    )
    trials = read_trials(source.shards, plan, range(plan.trials))
    refits = read_refits(source.finalists, plan, trials)
    score = score_name(params.model, params.evaluation)
    write_json(output.best, select_best(plan, trials, refits, score))
    write_rows(output.trials, *trials_table(plan, trials, refits))
