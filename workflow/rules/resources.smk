# What each job requests: memory, time, disk and GPUs, predicted from the size of the data.
from blendmf.resources import costs
from blendmf.resources.requests import JobSizes

JOB_SIZES = JobSizes(config, ARMS, RESULTS)


def memory_of(rule: str):
    """MB; includes the two Snakemake processes that start a job on another node."""

    def requested(wildcards, attempt) -> int:
        snakemakes = 2 if workflow.non_local_exec else 0
        job = JOB_SIZES.job(rule, wildcards)
        return costs.memory_mb(job, attempt, snakemakes=snakemakes)

    return requested


def minutes_of(rule: str):
    """Minutes; doubled, like the memory, after each failure."""
    return lambda wildcards, attempt: costs.minutes(
        JOB_SIZES.job(rule, wildcards), attempt
    )


def disk_of(rule: str):
    """MB, scratch files included."""
    return lambda wildcards: costs.disk_mb(JOB_SIZES.job(rule, wildcards))


def gpus_of(rule: str):
    """GPUs; None, hence no request, for a job without."""
    return lambda wildcards: costs.gpus(JOB_SIZES.job(rule, wildcards)) or None
