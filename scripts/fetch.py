"""Fetch the data set's raw files."""

import os
from pathlib import Path

from blendmf.common.job_log import job
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.fetch import fetch

with job(snakemake):
    dataset = DatasetSettings(**snakemake.params.dataset)
    fetch(dataset, Path(snakemake.output[0]), snakemake.params.seed, os.environ)
