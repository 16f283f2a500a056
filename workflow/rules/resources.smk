# What each job requests: memory, time, disk and GPUs, predicted from the size of the data.
from blendmf.resources import costs
from blendmf.resources.requests import JobSizes

JOB_SIZES = JobSizes(EXPERIMENT, VARIANTS, RESULTS)

# Snakemake processes that share a job's memory on another node.
SNAKEMAKES = 2


def attempt_of(wildcards, attempt) -> int:
    """Tells a job which attempt of a run it is: a user's mistake is not tried again."""
    return attempt


def with_seeds(wildcards) -> dict[str, str]:
    """The wildcards of a job that fits a model from all seeds."""
    return {**wildcards, "seeds": "all"}


def resources_of(rule: str, sized=lambda wildcards: wildcards) -> dict:
    """Requests of a rule's jobs; memory (MB) and runtime (minutes) double after each failure."""

    def job(wildcards) -> costs.Job:
        return JOB_SIZES.job(rule, sized(wildcards))

    def memory(wildcards, attempt) -> int:
        # Snakemake knows its executor only after it has read the rules.
        snakemakes = SNAKEMAKES if workflow.non_local_exec else 0
        return costs.memory_mb(job(wildcards), attempt, snakemakes=snakemakes)

    def runtime(wildcards, attempt) -> int:
        return costs.minutes(job(wildcards), attempt)

    requests = {"mem_mb": memory, "runtime": runtime, "attempt": attempt_of}
    if workflow.storage_settings.default_storage_provider:
        requests["stored"] = 1
    if costs.writes_tables(rule):
        requests["disk_mb"] = lambda wildcards: costs.disk_mb(job(wildcards))
    if costs.fits_models(rule):
        requests["gpu"] = lambda wildcards: costs.gpus(job(wildcards)) or None
    return requests
