"""Evaluate a shard of a model's search: one generation of it per output file."""

from blendmf.common.job_log import job
from blendmf.search.finalists import finalists
from blendmf.search.generation import search
from blendmf.search.objective import objective_of_files
from blendmf.search.plan import SearchPlan
from blendmf.search.refits import write_refits
from blendmf.search.trials import read_trials, write_trials
from blendmf.search.warm_start import earlier_finalists

with job(snakemake.log[0], asked=snakemake.resources):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    model, shard = snakemake.wildcards.model, int(snakemake.wildcards.get("shard", 0))
    first = int(snakemake.wildcards.get("generation", 0))
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
        model,
        params.model,
        params.training,
        params.search,
        params.seed,
        [point for path in source.warm_start for point in earlier_finalists(path)],
    )
    trials = read_trials(source.get("earlier", []), plan, range(plan.numbers(first).start))
    for generation, path in enumerate(output.generations, start=first):
        found = search(objective, plan, trials, generation=generation, shard=shard)
        write_trials(path, found)
        trials += found
    for path in output.get("finalists", []):
        write_refits(path, finalists(objective, plan, trials, shard=shard))
