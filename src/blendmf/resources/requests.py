"""What a job asks for, from what it is predicted to take."""

from math import ceil

from blendmf.resources.disk import written_mb
from blendmf.resources.job import Job
from blendmf.resources.memory import peak_mb
from blendmf.resources.runtime import seconds

MEMORY_MARGIN = 1.25
"""Asked for beyond what was measured: other processors, versions and data differ a little."""

TIME_MARGIN = 4
"""The same of the time, for a slow or busy machine; one thread does all the work."""

LEAST_MINUTES = 10
"""To start on a node that reads Python and its libraries over a busy network."""

MEMORY_STEP_MB = 10

PER_ATTEMPT = 2
"""A job that was killed asks for so many times what it had asked for before."""

SNAKEMAKE_MB = 180
"""Memory of one Snakemake process that has read this workflow."""


def memory_mb(rule: str, job: Job, attempt: int = 1, *, snakemakes: int = 0) -> int:
    """Memory to ask for.

    Parameters
    ----------
    rule : str
    job : Job
    attempt : int
        1 for the first.
    snakemakes : int
        Snakemake processes that share the job's memory with it.
    """
    own = MEMORY_STEP_MB * ceil(MEMORY_MARGIN * peak_mb(rule, job) / MEMORY_STEP_MB)
    return own * PER_ATTEMPT ** (attempt - 1) + snakemakes * SNAKEMAKE_MB


def minutes(rule: str, job: Job, attempt: int = 1) -> int:
    """Run time to ask for."""
    return (LEAST_MINUTES + ceil(TIME_MARGIN * seconds(rule, job) / 60)) * PER_ATTEMPT ** (
        attempt - 1
    )


def disk_mb(rule: str, job: Job) -> int:
    """Disk to ask for, scratch files included."""
    return ceil(written_mb(rule, job))
