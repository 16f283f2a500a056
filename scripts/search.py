"""Evaluate a shard of a model's search: one generation of it per output file."""

from blendmf.data.observations import Observations
from blendmf.files import read_json, read_sparse
from blendmf.log import job
from blendmf.search.objective import validation_objective
from blendmf.search.plan import SearchPlan
from blendmf.search.shard import search
from blendmf.search.trials import read_trials, write_trials

with job(snakemake.log[0]):
    source, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    train, validation = (
        Observations.from_matrix(read_sparse(part)) for part in (source.train, source.validation)
    )
    low, high = read_json(source.source)["rating_range"]
    objective = validation_objective(
        {**params.model, "ranks": params.ranks},
        params.training,
        train,
        validation,
        read_sparse(source.content) if source.get("content") else None,
        rating_range=(low, high),
        evaluation=params.evaluation,
        seed=params.seed,
        model=wildcards.model,
        threads=snakemake.threads,
    )
    plan = SearchPlan.of_model(
        wildcards.model, params.model, params.training, params.search, params.seed
    )
    first, shard = int(wildcards.get("generation", 0)), int(wildcards.get("shard", 0))
    trials = read_trials(source.get("earlier", []), plan, range(plan.numbers(first).start))
    for generation, path in enumerate(snakemake.output, start=first):
        found = search(objective, plan, trials, generation=generation, shard=shard)
        write_trials(path, found)
        trials += found
