"""Peak memory of every rule, from what its job holds of each unit.

The constants are bytes, measured on 10 thousand to 10 million ratings: the most of any job, of
what its process held by the kernel's own mark (``VmHWM``). ``start`` is the interpreter with the
libraries and, where code is compiled, the compiler too. Much of the rest can be read off the code:
a rating in a table is 28 bytes, in a matrix 8, in an engine 12, a factor 4 in each of its copies.
"""

from blendmf.resources.job import FITTING, SCORING, Job
from blendmf.resources.units import total, units

MB = 10**6

Costs = dict[str, float]

RULES: dict[str, Costs] = {
    # Whatever the data.
    "select_best": {"start": 42e6},
    "check_parity": {"start": 136e6},
    "small_matrix": {"start": 402e6, "cuda_libraries": 380e6},
    "studies": {"start": 260e6},
    "trials_pages": {"start": 122e6},
    "pages": {"start": 127e6},
    "summarise": {"start": 128e6},
    "manifest": {"start": 134e6},
    "usage": {"start": 127e6},
    "scaling": {"start": 127e6},
    "plot_scaling": {"start": 232e6},
    "plot_search": {"start": 186e6},
    "plot_cold_start": {"start": 165e6},
    "plot_comparison": {"start": 165e6},
    "plot_differences": {"start": 162e6},
    "plot_learning_curves": {"start": 160e6},
    "plot_rank_sweep": {"start": 163e6},
    "plot_small_matrix": {"start": 160e6},
    "plot_strata": {"start": 173e6},
    # Tables of ratings, read and written in blocks.
    "import_tables": {
        "start": 160e6,
        "ratings": 43,
        "first_ratings": 60,
        "items": 2000,
        "tags": 200,
        "text_bytes": 1.3,
        "long_line_bytes": 4.5,
    },
    "split": {"start": 155e6, "ratings": 68, "first_ratings": 65, "long_line_bytes": 2},
    "leakage": {
        "start": 150e6,
        "ratings": 15,
        "first_ratings": 75,
        "tags": 2200,
        "long_line_bytes": 1,
    },
    "places": {"start": 150e6, "ratings": 37, "first_ratings": 105},
    "matrices": {"start": 156e6, "ratings": 39, "items": 2500, "long_line_bytes": 4.5},
    "content": {"start": 220e6, "items": 3000, "tags": 2400},
    "plot_ratings": {"start": 177e6, "ratings": 45, "long_line_bytes": 1},
    "fitted_on": {
        "start": 245e6,
        "ratings": 112,
        "first_ratings": 15,
        "items": 3000,
        "tags": 1500,
        "long_line_bytes": 4,
    },
    # Per-user scores of every fit, the counts of a block of resamples, values on all of them.
    "compare": {
        "start": 158e6,
        "users": 500,
        "scores": 360,
        "drawn": 36,
        "resampled": 250,
        "resampled_pairs": 8,
    },
    "audit_table": {"start": 167e6, "scores": 60, "drawn": 36, "resampled": 30},
    "ablation_table": {"start": 182e6, "scores": 60, "drawn": 36, "resampled": 30},
}

FETCH: dict[str, Costs] = {
    "generated": {"start": 167e6, "first_ratings": 137, "users": 300},
    "download": {"start": 96e6},
    "local": {"start": 50e6},
}
"""By origin: pip is a process beside the job's own; a file is copied piece by piece."""

FITS: dict[str, Costs] = {
    "global-mean": {"start": 58e6, "train_ratings": 15},
    "popularity": {"start": 58e6, "train_ratings": 24},
    "random": {"start": 58e6, "train_ratings": 32},
    "bias": {"start": 61e6, "train_ratings": 52},
    "svd": {"start": 73e6, "train_ratings": 50, "parameters": 20},
    "pure-svd": {"start": 72e6, "train_ratings": 46, "parameters": 20},
    "item-neighbours": {"start": 70e6, "train_ratings": 70, "neighbours": 15},
    "als": {"start": 210e6, "train_ratings": 48, "parameters": 24},
    "sgd": {
        "start": 217e6,
        "train_ratings": 41,
        "parameters": 16,
        "word_copies": 4,
        "user_words": 19,
        "met_words": 21,
        "looks_for_gpu": 105e6,
        "loaded_cuda_libraries": 290e6,
    },
    "bayes": {"start": 310e6, "train_ratings": 170, "parameters": 200, "kept": 4.5},
    "torch": {
        "start": 410e6,
        "train_ratings": 40,
        "in_piece": 24,
        "parameters": 28,
        "user_words": 40,
        "met_words": 12,
        "loaded_cuda_libraries": 380e6,
        "gpus": 1500e6,
    },
}
"""By sort of fit. What a GPU's driver holds of the host's memory could not be measured."""

NO_FIT: Costs = {"start": 67e6, "train_ratings": 15}
"""A job that has only read the ratings: of finalists that need no other fit."""

BESIDE: dict[str, Costs] = {
    "search": {"start": 20e6, "first_ratings": 25},
    "finalists": {"start": 20e6, "first_ratings": 25},
    "rank_sweep": {"start": 75e6, "ratings": 14},
    "parity": {"start": 80e6, "first_ratings": 25},
}
"""What such a job holds beside its largest fit; some of it is left over from other fits."""

RANKED: Costs = {"start": 8e6, "users": 1000}
"""Lists of a model that only ranks, by which each of its trials is scored."""

SCORES: dict[str, Costs] = {
    "evaluate": {
        "start": 154e6,
        "ratings": 23,
        "users": 200,
        "in_block": 24,
        "in_pairs": 4,
        "met_words": 8.5,
        "kept": 4.5,
        "gathered_words": 10,
        "neighbours": 8,
        "long_line_bytes": 0.45,
    },
    "recommend": {
        "start": 167e6,
        "ratings": 3,
        "items": 4700,
        "recommended": 390,
        "parameters": 4,
        "met_words": 8,
        "kept": 4.5,
        "neighbours": 8,
    },
}

SCORED_KINDS: dict[str, Costs] = {
    "random": {"in_block": 21},
    "item-neighbours": {"in_block": 16, "train_ratings": 12},
}
"""What a model of a kind holds beside that while it scores."""


def peak_mb(rule: str, job: Job) -> float:
    """Most memory that a rule's job is predicted to hold, in MB.

    Raises
    ------
    KeyError
        If there is no such rule.
    """
    if rule in FITTING:
        return _fitting(rule, job) / MB
    if rule in SCORING:
        assert job.scored is not None
        counted = units(job, job.scored)
        of_kind = total(SCORED_KINDS.get(job.scored.kind, {}), counted)
        return (total(SCORES[rule], counted) + of_kind) / MB
    costs = FETCH[job.size.origin] if rule == "fetch" else RULES[rule]
    return total(costs, units(job)) / MB


def _fitting(rule: str, job: Job) -> float:
    if not job.fits:
        return total(NO_FIT, units(job))
    largest = max(total(FITS[fit.sort], units(job, fit)) for fit in set(job.fits))
    ranked = rule == "search" and any(fit.sort == "pure-svd" for fit in job.fits)
    beside = (BESIDE.get(rule, {}), RANKED if ranked else {})
    return largest + sum(total(costs, units(job)) for costs in beside)
