# What each job asks for: memory, time, disk and GPUs, predicted from the size of the data.
import json
from functools import cache

from blendmf.resources.job import Job, job_of
from blendmf.resources.libraries import torch_with_cuda
from blendmf.resources.requests import disk_mb, memory_mb, minutes
from blendmf.resources.size import Size, counted_size, expected_size

# Rules that make what tells the size; an earlier run's outcome says nothing of new data.
BEFORE_COUNTED = ("fetch", "import_tables")

# A job that is sent away runs in a Snakemake process, which another one has started.
SNAKEMAKES = 2

TORCH_WITH_CUDA = torch_with_cuda()


@cache
def size_before(folder: str) -> Size:
    arm = ARMS[folder]
    name, path, csv = (arm.dataset[key] for key in ("name", "path", "csv"))
    files = local_files(name, path, os.environ, csv)
    return expected_size(arm.dataset, arm.content, files)


def stated(arm: Arm, path: str) -> dict | None:
    """Facts of a JSON file of an arm, None before it is there."""
    file = Path(RESULTS, arm.home(path), path)
    return json.loads(file.read_text()) if file.is_file() else None


def size_now(arm: Arm) -> Size:
    """Size of the data, counted where that has been done by now."""
    counted = (
        stated(arm, path) for path in ("data/source.json", "content/content.json")
    )
    return counted_size(size_before(arm.folder), *counted)


def job_described(rule: str, wildcards) -> Job:
    """What tells of a job how much it takes; one without a data set goes by the first."""
    arm = ARMS[wildcards.get("dataset", next(iter(DATA_SETS)))]
    size = size_before(arm.folder) if rule in BEFORE_COUNTED else size_now(arm)
    facts = {
        "sharded": wildcards.get("shard") is not None,
        "torch_with_cuda": TORCH_WITH_CUDA,
    }
    return job_of(rule, config, arm, size, wildcards.get("model"), **facts)


def memory_of(rule: str):
    """Lookup of the MB that a rule's job asks for; twice as many after each failure."""

    def of_job(wildcards, attempt) -> int:
        snakemakes = SNAKEMAKES if workflow.non_local_exec else 0
        job = job_described(rule, wildcards)
        return memory_mb(rule, job, attempt, snakemakes=snakemakes)

    return of_job


def minutes_of(rule: str):
    """Lookup of the minutes that a rule's job asks for; twice as many after each failure."""

    def of_job(wildcards, attempt) -> int:
        return minutes(rule, job_described(rule, wildcards), attempt)

    return of_job


def disk_of(rule: str):
    """Lookup of the MB of disk that a rule's job fills."""

    def of_job(wildcards) -> int:
        return disk_mb(rule, job_described(rule, wildcards))

    return of_job


def gpus_of(rule: str):
    """Lookup of the GPUs that a rule's job asks for; None, hence no request, where it needs none."""

    def of_job(wildcards) -> int | None:
        return job_described(rule, wildcards).gpus or None

    return of_job
