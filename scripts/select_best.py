"""Choose the best trial of a model's search."""

from blendmf.common.files import read_json, write_json, write_rows
from blendmf.common.job_log import job
from blendmf.config.models import model_entry
from blendmf.config.protocol import EvaluationSettings
from blendmf.config.search import SearchSettings
from blendmf.search.finalists import read_refits
from blendmf.search.plan import SearchPlan, score_name
from blendmf.search.selection import select_best, trials_table
from blendmf.search.trials import read_trials

with job(snakemake):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    counts = read_json(source.source)["counts"]
    entry = model_entry(params.model).limited_to(counts)
    settings = SearchSettings(**params.search)
    plan = SearchPlan.of_model(snakemake.wildcards.model, entry, settings, params.seed)
    trials = read_trials(source.generations, plan, range(settings.trials))
    refits = read_refits(source.finalists, plan, trials)
    score = score_name(entry, EvaluationSettings(**params.evaluation))
    write_json(output.best, select_best(plan, trials, refits, score))
    write_rows(output.trials, *trials_table(plan, trials, refits))
