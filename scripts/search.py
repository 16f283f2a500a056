"""Run steps of a model's search, or one shard of a step."""

from blendmf.common.files import read_json
from blendmf.common.job_log import job
from blendmf.config.models import model_entry
from blendmf.config.protocol import EvaluationSettings
from blendmf.config.search import SearchSettings
from blendmf.search.finalists import refit_finalists, write_refits
from blendmf.search.finished_steps import FinishedSteps
from blendmf.search.generation import search
from blendmf.search.objective import objective_of_files
from blendmf.search.plan import SearchPlan
from blendmf.search.selection import earlier_finalists
from blendmf.search.trials import read_trials, write_trials

with job(snakemake):
    source, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    shard = int(wildcards.get("shard", 0))
    counts = read_json(source.source)["counts"]
    entry = model_entry(params.model).limited_to(counts)
    objective = objective_of_files(
        source.train,
        source.validation,
        source.source,
        source.get("content"),
        source.get("times"),
        source.get("user_features"),
        entry=entry,
        evaluation=EvaluationSettings(**params.evaluation),
        seed=params.seed,
        threads=snakemake.threads,
        ranks=params.ranks,
    )
    plan = SearchPlan.of_model(
        wildcards.model,
        entry,
        SearchSettings(**params.search),
        params.seed,
        [point for path in source.warm_start for point in earlier_finalists(path)],
    )
    shards = plan.settings.shards
    first = len(source.get("earlier", [])) // shards
    trials = read_trials(source.get("earlier", []), plan, range(plan.numbers(first).start))
    steps = snakemake.output.steps
    finished = FinishedSteps(steps, source, dict(params.items()))
    for generation, path in enumerate(steps, start=first):
        numbers = plan.numbers(generation)
        if not finished.restore(path):
            if numbers:
                found = search(objective, plan, trials, generation=generation, shard=shard)
                write_trials(path, found)
            else:
                write_refits(path, refit_finalists(objective, plan, trials, shard=shard))
            finished.keep(path)
        if numbers and len(steps) > 1:
            trials += read_trials([path], plan, numbers)
    finished.discard()
