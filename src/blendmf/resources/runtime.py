"""Processor seconds of every rule, from how long its job is over each unit.

The constants are microseconds, measured on one thread of a 2.5 GHz Xeon whose other thread was
busy too, on 10 thousand to 100 million ratings. What a job takes for its start, whatever the data,
is some ten seconds and left to the least time that is asked for.
"""

from blendmf.resources.job import FITTING, SCORING, Job
from blendmf.resources.units import total, units

MICRO = 1e-6

RULES: dict[str, dict[str, float]] = {
    # A download is as slow as half a megabyte of text per second.
    "fetch": {"ratings": 1.0, "downloaded_bytes": 2.0},
    "import_tables": {"ratings": 0.7, "text_bytes": 0.2},
    "split": {"ratings": 0.7},
    "leakage": {"ratings": 0.2, "tags": 10},
    "matrices": {"ratings": 0.4},
    "places": {"ratings": 0.8},
    "content": {"items": 100, "tags": 30},
    "plot_ratings": {"ratings": 0.4},
    "fitted_on": {"ratings": 4.0, "tags": 60},
    "manifest": {"ratings": 0.2, "parameters": 0.01},
    # Each metric of each fit, on each resample.
    "compare": {"resampled_users": 0.03, "resampled_scores": 0.01, "resampled_pairs": 2.0},
    "audit_table": {"resampled_users": 0.03, "resampled_scores": 0.002},
    "ablation_table": {"resampled_users": 0.03, "resampled_scores": 0.002},
}
"""What is not listed takes as long for any data."""

FITS: dict[str, dict[str, float]] = {
    "global-mean": {"train_ratings": 0.1},
    "popularity": {"train_ratings": 0.1},
    "random": {"train_ratings": 0.1},
    "bias": {"train_ratings": 0.8},
    "svd": {"train_ratings": 1.0, "approximated": 0.08},
    "pure-svd": {"train_ratings": 1.0, "approximated": 0.08, "in_lists": 0.05},
    "item-neighbours": {"train_ratings": 1.0, "compared": 0.007},
    "als": {"train_ratings": 0.8, "seen": 0.2, "solved": 0.004},
    "bayes": {"train_ratings": 5.0, "seen": 0.3, "solved": 0.005, "drawn_factors": 0.01},
    "sgd": {"train_ratings": 0.8, "seen": 0.1, "multiplied": 0.002, "seen_words": 1.2},
    "torch": {"train_ratings": 0.8, "seen": 5.0, "multiplied": 0.1, "seen_words": 4.0},
}
"""One fit of each sort, to its last epoch."""

SCORES: dict[str, dict[str, float]] = {
    "evaluate": {"ratings": 0.8, "in_lists": 0.05, "users": 60, "scored_neighbours": 0.05},
    "recommend": {"users": 10, "in_recommendations": 0.05},
}


def seconds(rule: str, job: Job) -> float:
    """Processor seconds that a rule's job is predicted to take beyond its start."""
    if rule in FITTING:
        return MICRO * sum(total(FITS[fit.sort], units(job, fit)) for fit in job.fits)
    if rule in SCORING:
        assert job.scored is not None
        return MICRO * total(SCORES[rule], units(job, job.scored))
    return MICRO * total(RULES.get(rule, {}), units(job))
