"""Compare the requested with the used memory and time of every rule."""

from pathlib import Path

from blendmf.common.files import write_csv
from blendmf.common.job_log import job
from blendmf.resources.usage import usage

with job(snakemake):
    params = snakemake.params
    table = usage(zip(map(Path, params.benchmarks), map(Path, params.logs), strict=True))
    write_csv(snakemake.output[0], table)
