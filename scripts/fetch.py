"""Fetch the data set's raw files."""

import os
from pathlib import Path

from blendmf.data.fetch import fetch
from blendmf.log import job

with job(snakemake.log[0], asked=snakemake.resources):
    fetch(snakemake.params.dataset, Path(snakemake.output[0]), snakemake.params.seed, os.environ)
