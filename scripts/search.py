"""Evaluate one shard of a generation of a model's search."""

import math

from blendmf.data.observations import Observations
from blendmf.files import read_json, read_sparse
from blendmf.log import job
from blendmf.search.plan import SearchPlan
from blendmf.search.shard import search
from blendmf.search.space import Params
from blendmf.search.trials import TrialOutcome, read_trials, write_trials
from blendmf.training.fit import fit_model

with job(snakemake.log[0]):
    source, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    train, validation = (
        Observations.from_matrix(read_sparse(part)) for part in (source.train, source.validation)
    )
    content = read_sparse(source.content) if source.get("content") else None
    low, high = read_json(source.source)["rating_range"]
    plan = SearchPlan.of_model(
        wildcards.model, params.model, params.training, params.search, params.seed
    )

    def objective(point: Params) -> TrialOutcome:
        """Best epoch's validation RMSE; every trial starts from the same random numbers."""
        fit = fit_model(
            {**params.model, "training": params.model.get("training", {}) | point},
            params.training,
            train,
            validation,
            content,
            rating_range=(low, high),
            seed=params.seed,
            name=("search", wildcards.model),
            threads=snakemake.threads,
        )
        value = math.nan if fit.diverged else fit.validation_rmse
        return TrialOutcome(value, fit.epochs, fit.best_epoch)

    generation = int(wildcards.generation)
    earlier = read_trials(source.get("earlier", []), plan, range(plan.numbers(generation).start))
    trials = search(objective, plan, earlier, generation=generation, shard=int(wildcards.shard))
    write_trials(snakemake.output[0], trials)
