"""Fit the finalists of a model's search again, those fits of them that fall to one shard."""

from blendmf.common.job_log import job
from blendmf.search.finalists import finalists
from blendmf.search.objective import objective_of_files
from blendmf.search.plan import SearchPlan
from blendmf.search.refits import write_refits
from blendmf.search.trials import read_trials

with job(snakemake.log[0], asked=snakemake.resources):
    source, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    objective = objective_of_files(
        source.train,
        source.validation,
        source.source,
        source.get("content"),
        source.get("places", []),
        entry={**params.model, "ranks": params.ranks},
        training=params.training,
        evaluation=params.evaluation,
        seed=params.seed,
        threads=snakemake.threads,
    )
    plan = SearchPlan.of_model(
        wildcards.model, params.model, params.training, params.search, params.seed
    )
    trials = read_trials(source.shards, plan, range(plan.trials))
    refits = finalists(objective, plan, trials, shard=int(wildcards.shard))
    write_refits(snakemake.output[0], refits)
